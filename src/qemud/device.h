/* device.h - from a device's struct to the object that "-device" and device_add take
 *
 * A device is a table of its properties, declared once for the command line and for hot plug. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "caps.h"
#include "model/domain.h"

typedef struct Property Property;
/* What the property's value is; NULL: QEMU's own choice. guest: where the device is, or will be. */
typedef Json *Encode(const void *slot, const Property *row, const Domain *guest);

struct Property {
    const char *name; /* as QEMU calls it */
    size_t offset;    /* of the slot in the struct */
    Encode *encode;
    const void *detail;   /* of names, the names; of prefixed text, the prefix */
    uint64_t unit;        /* of a number: how many of the struct's units QEMU's unit is; 0: one */
    Cap needs;            /* CAP_NONE: every QEMU has it */
    const Property *part; /* rows of a struct within this one */
};

typedef struct Device {
    const char *driver;
    const Property *properties; /* closed by an empty one */
    Cap needs;                  /* CAP_NONE: every QEMU has it */
} Device;

/* NULL and ERR_CONFIG_UNSUPPORTED when QEMU has no such device or property. */
Json *device_json(const Device *device, const void *object, const Domain *guest, const Caps *caps,
                  GError **error);

/* A part of a definition that only some devices have. */
typedef struct Extra {
    bool given;
    const char *property; /* what it is in QEMU */
    const char *path;     /* what it is in the definition */
} Extra;
/* ERR_CONFIG_UNSUPPORTED for one that is given and that the device's table has no row for. */
bool device_takes(const Device *device, const Extra *extras, size_t count, GError **error);

/* The device of a table that is indexed by a model's enum; NULL when there is none. */
#define DEVICE_OF(table, model) device_of(table, G_N_ELEMENTS(table), model)
const Device *device_of(const Device *table, size_t count, unsigned model);

const Controller *controller_find(const Domain *guest, ControllerType type, unsigned index);
/* Whether the machine brings that controller along. */
bool controller_is_builtin(const Domain *guest, const Controller *controller);
/* The name of a controller's bus in QEMU, freed by the caller. which: of a controller with several
 * buses. */
char *controller_bus(const Domain *guest, ControllerType type, unsigned index, unsigned which);
/* The device's place among those that the guest is booted from; 0: none. */
unsigned boot_index(const Domain *guest, const DeviceInfo *device);
/* An element that is there without saying its state is on. */
static inline Switch stated(bool given, Switch state)
{
    return given && !state ? SWITCH_ON : state;
}

bool machine_is_q35(const Domain *guest);
bool machine_is_pc(const Domain *guest); /* of either kind */

Encode encode_text, encode_uint, encode_u64, encode_optional, encode_switch, encode_switch_word,
    encode_flag, encode_name, encode_prefixed, encode_boot_index, encode_fixed, encode_iothread;

extern const Property info_properties[];   /* of a DeviceInfo: id, boot index, firmware, place */
extern const Property place_properties[];  /* of a DeviceInfo: the place alone */
extern const Property virtio_properties[]; /* of VirtioOptions */

// clang-format off
/* One row of a table each; what follows the member sets further fields of the row. */
#define ROW(n, Struct, member, encoder, ...) \
    { .name = n, .offset = offsetof(Struct, member), .encode = encoder, __VA_ARGS__ }
/* A member as it is: text, number, bool. */
#define MEMBER(n, Struct, member, ...)                                                     \
    ROW(n, Struct, member,                                                                 \
        _Generic(((Struct *) 0)->member, char *: encode_text, unsigned: encode_uint,       \
                 uint64_t: encode_u64, Optional: encode_optional, bool: encode_flag),      \
        __VA_ARGS__)
/* A Switch: true and false; where QEMU wants them, "on" and "off". */
#define SWITCH(n, Struct, member, ...) \
    { .name = n, .offset = SLOT(Struct, member, Switch), .encode = encode_switch, __VA_ARGS__ }
#define ON_OFF(n, Struct, member, ...) \
    { .name = n, .offset = SLOT(Struct, member, Switch), .encode = encode_switch_word, __VA_ARGS__ }
#define NAME(n, Struct, member, names, ...) \
    ROW(n, Struct, member, encode_name, .detail = names, __VA_ARGS__)
/* The alias behind a prefix. */
#define ALIAS(n, Struct, prefix, ...) \
    ROW(n, Struct, info.alias, encode_prefixed, .detail = prefix, __VA_ARGS__)
#define PART(Struct, member, rows) { .offset = offsetof(Struct, member), .part = rows }
/* What follows the struct as a whole. */
#define WHOLE(n, encoder, ...) { .name = n, .encode = encoder, __VA_ARGS__ }
/* The same text for each device. */
#define FIXED(n, text) { .name = n, .encode = encode_fixed, .detail = text }
/* The three models of a virtio device. */
#define VIRTIO(model, name, rows, cap)                                        \
    [model] = { name "-pci", rows, cap },                                      \
    [model##_TRANSITIONAL] = { name "-pci-transitional", rows, cap },          \
    [model##_NON_TRANSITIONAL] = { name "-pci-non-transitional", rows, cap }
// clang-format on
