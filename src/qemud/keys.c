/* keys.c - numbers of keys in the code sets that clients use */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keys.h"

#include "protocol/constants.h"

typedef struct Key {
    unsigned code[VIR_KEYCODE_SET_QNUM + 1]; /* by virKeycodeSet; 0: none */
} Key;

// clang-format off
static const Key keys[] = {
#define KEY(name, linux_, qnum, at1, at2, at3, kbd, usb)                              \
    { { [VIR_KEYCODE_SET_LINUX] = linux_, [VIR_KEYCODE_SET_QNUM] = qnum,               \
        [VIR_KEYCODE_SET_XT] = at1, [VIR_KEYCODE_SET_ATSET1] = at1,                    \
        [VIR_KEYCODE_SET_ATSET2] = at2, [VIR_KEYCODE_SET_ATSET3] = at3,                \
        [VIR_KEYCODE_SET_XT_KBD] = kbd, [VIR_KEYCODE_SET_USB] = usb } },
#include "keys.def"
#undef KEY
};
// clang-format on

static bool is_known(unsigned codeset)
{
    return codeset <= VIR_KEYCODE_SET_QNUM && codeset != VIR_KEYCODE_SET_OSX &&
           codeset != VIR_KEYCODE_SET_WIN32;
}

int key_number(unsigned codeset, unsigned code, GError **error)
{
    if (!is_known(codeset)) {
        fail(error, ERR_CONFIG_UNSUPPORTED, "key codes of set %u are not supported", codeset);
        return -1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (code && keys[i].code[codeset] == code)
            return keys[i].code[VIR_KEYCODE_SET_QNUM];
    }
    fail(error, ERR_INVALID_ARG, "there is no key %u in code set %u", code, codeset);
    return -1;
}
