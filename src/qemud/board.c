/* board.c - the kinds of machines that defaults and addresses differ for */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "board.h"

#include <string.h>

static const struct {
    const char *prefix; /* of the machine's name, after which it ends or a version follows */
    Board board;
} boards[] = {
    { "pc-q35", BOARD_Q35 },           { "q35", BOARD_Q35 },   { "isapc", BOARD_ISAPC },
    { "pc-i440fx", BOARD_I440FX },     { "pc", BOARD_I440FX }, { "virt", BOARD_VIRT },
    { "s390-ccw-virtio", BOARD_S390 },
};

Board board_of(const Domain *domain)
{
    for (size_t i = 0; domain->os.machine && i < G_N_ELEMENTS(boards); i++) {
        size_t length = strlen(boards[i].prefix);

        if (strncmp(domain->os.machine, boards[i].prefix, length) == 0 &&
            strchr("-", domain->os.machine[length]))
            return boards[i].board;
    }
    return BOARD_OTHER;
}

bool board_has_pcie(Board board) { return board == BOARD_Q35 || board == BOARD_VIRT; }

bool board_has_pci(Board board) { return board == BOARD_I440FX || board_has_pcie(board); }
