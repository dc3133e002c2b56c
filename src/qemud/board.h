/* board.h - the kinds of machines that defaults and addresses differ for */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

typedef enum Board {
    BOARD_OTHER,
    BOARD_I440FX, /* "pc" */
    BOARD_Q35,
    BOARD_ISAPC,
    BOARD_VIRT, /* of ARM and RISC-V */
    BOARD_S390,
} Board;

Board board_of(const Domain *domain);
bool board_has_pcie(Board board);
bool board_has_pci(Board board);
static inline bool board_is_pc(Board board)
{
    return board == BOARD_I440FX || board == BOARD_Q35 || board == BOARD_ISAPC;
}
