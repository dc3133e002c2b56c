/* args.h - what the parts of a command line are put together with */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "argv.h"
#include "base/cleanup.h"

void args_add(Args *args, const char *option, const char *value); /* NULL: it has none */
void args_take(Args *args, const char *option, char *value);      /* value is freed */
void args_json(Args *args, const char *option, Json *value);      /* value is freed */

/* The text of an option such as "socket,id=a,path=b,,c". */
GString *option_new(const char *first);
/* Adds key=value, with the value's commas doubled; nothing when value is NULL. */
void option_set(GString *option, const char *key, const char *value);
void option_printf(GString *option, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
void option_switch(GString *option, const char *key, Switch value); /* on, off, nothing */
void args_option(Args *args, const char *name, GString *option);    /* option is freed */

/* Hands a descriptor to QEMU, under its number. */
int args_keep(Args *args, int fd);
/* Hands a file to QEMU as a set of one descriptor. A path by which QEMU opens it, freed by the
 * caller. what: for people who look at it, no more. */
char *args_fdset(Args *args, int fd, const char *what);
/* A path by which QEMU's user reads that file, or a copy of it, whatever the file's own mode. */
char *args_file(Args *args, const char *path, GError **error);
/* The same for bytes that are in no file. */
char *args_secret(Args *args, const char *name, const char *text, GError **error);
/* The file of the host that is a device's firmware, into the device's JSON. */
bool args_rom(Args *args, const DeviceInfo *device, Json *json, GError **error);
/* A socket that listens at path, which QEMU's user may use. -1: it cannot be made. */
int args_listen(Args *args, const char *path, GError **error);
