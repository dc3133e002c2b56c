/* store.h - definition and state files of a daemon's objects; autostart links; load all
 *
 * Files are named after the object: NAME.xml. A name that cannot be a file name is refused. Calls
 * for one name must not run side by side: they belong to the object's strand. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

typedef struct Store {
    char *definitions; /* directory of definitions, which last */
    char *autostart;   /* directory of links to the definitions of objects that start with us */
    char *states;      /* directory of what runs, which lasts until the host's next start */
} Store;

/* Makes the directories that it has, and removes what a writer that was killed left in them. */
bool store_open(const Store *store, GError **error);

/* These last: when they return true, a crash of the host takes nothing back. */
bool store_define(const Store *store, const char *name, const char *xml, GError **error);
bool store_undefine(const Store *store, const char *name, GError **error); /* and its link */
bool store_set_autostart(const Store *store, const char *name, bool on, GError **error);
bool store_autostart(const Store *store, const char *name);

/* A state need not outlive the host: replaced whole, but not flushed. */
bool store_save_state(const Store *store, const char *name, const char *xml, GError **error);
bool store_drop_state(const Store *store, const char *name, GError **error);

/* Calls take(name, text, data) for each file of the directory, in the order of the names. What
 * cannot be read, or what take() refuses, is reported and renamed to NAME.xml.broken, and does not
 * stop the others. A directory that is not there is empty. */
typedef bool StoreTake(const char *name, const char *text, void *data, GError **error);
void store_load(const char *directory, StoreTake *take, void *data);

/* Whether an object may have this name: not empty, no '/', not "." or "..", at most 244 bytes (what
 * the longest suffix leaves of a file name), no line break. */
bool store_check_name(const char *name, GError **error);
