/* lend.h - links of the host that containers have for as long as they run */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/uuid.h"
#include "object/store.h"

typedef struct Borrower {
    const Uuid *uuid;
    const char *name;
} Borrower;

extern Store lend_store; /* states only, named by link */

/* Moves a link of the host into an open network namespace, where it keeps its name. On the host's
 * strand, as is the other way. */
bool lend_link(const Borrower *to, const char *name, int namespace, GError **error);
/* Back again, under the name that it had; the namespace may have ended but for who holds it open:
 * we, and the caller if it can (or else -1). What is not lent to this one is no error. */
bool lend_return(const Uuid *from, const char *name, int namespace, GError **error);
/* Whether we hold any. From any thread. */
bool lend_holds(void);
