/* cgroup-devices.c - which devices the processes of a control group may use
 *
 * The unified hierarchy has no files for this: a program is asked at every access. Ours compares
 * the device with each that is allowed. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "host/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

// clang-format off
#define INSN(...) (struct bpf_insn){ __VA_ARGS__ }
/* register = 32 bits of the context */
#define LOAD(reg, member)                                            \
    INSN(.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = reg, .src_reg = BPF_REG_1, \
         .off = offsetof(struct bpf_cgroup_dev_ctx, member))
#define OPERATE(op, reg, value) INSN(.code = BPF_ALU | op | BPF_K, .dst_reg = reg, .imm = value)
#define COPY(to, from) INSN(.code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = to, .src_reg = from)
/* over the next `over` instructions when the register is not the value */
#define SKIP_UNLESS(reg, value, over) \
    INSN(.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = reg, .imm = value, .off = over)
#define ANSWER(value) \
    INSN(.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value), \
    INSN(.code = BPF_JMP | BPF_EXIT)
// clang-format on

/* Where the parts of a question are. */
enum {
    TYPE = BPF_REG_2,
    ACCESS = BPF_REG_3,
    MAJOR = BPF_REG_4,
    MINOR = BPF_REG_5,
    SCRATCH = BPF_REG_6
};

static unsigned access_bits(const char *may)
{
    return (strchr(may, 'r') ? BPF_DEVCG_ACC_READ : 0) |
           (strchr(may, 'w') ? BPF_DEVCG_ACC_WRITE : 0) |
           (strchr(may, 'm') ? BPF_DEVCG_ACC_MKNOD : 0);
}

/* Each row that does not fit is left by a jump to the next; it is as long as its conditions. */
static void add_device(GArray *program, const CgroupDevice *device)
{
    unsigned refused = ~access_bits(device->may) &
                       (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD);
    bool typed = device->type != 'a', major = device->major >= 0, minor = device->minor >= 0;
    unsigned left = typed + major + minor + 5; /* instructions of this row still to come */
    struct bpf_insn row[8];
    unsigned count = 0;

    if (typed)
        row[count++] = SKIP_UNLESS(
            TYPE, device->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, --left);
    if (major)
        row[count++] = SKIP_UNLESS(MAJOR, device->major, --left);
    if (minor)
        row[count++] = SKIP_UNLESS(MINOR, device->minor, --left);
    row[count++] = COPY(SCRATCH, ACCESS);
    row[count++] = OPERATE(BPF_AND, SCRATCH, refused);
    row[count++] = SKIP_UNLESS(SCRATCH, 0, 2);
    g_array_append_vals(program, row, count);
    g_array_append_vals(program, ((struct bpf_insn[]){ ANSWER(1) }), 2);
}

static GArray *write_program(const CgroupDevice *devices)
{
    GArray *program = g_array_new(FALSE, FALSE, sizeof(struct bpf_insn));
    const struct bpf_insn head[] = {
        LOAD(TYPE, access_type),   OPERATE(BPF_AND, TYPE, 0xffff),
        LOAD(ACCESS, access_type), OPERATE(BPF_RSH, ACCESS, 16),
        LOAD(MAJOR, major),        LOAD(MINOR, minor),
    };
    const struct bpf_insn tail[] = { ANSWER(0) };

    g_array_append_vals(program, head, G_N_ELEMENTS(head));
    for (; devices->type; devices++)
        add_device(program, devices);
    return g_array_append_vals(program, tail, G_N_ELEMENTS(tail));
}

static int load(const GArray *program)
{
    union bpf_attr attr = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
        .insn_cnt = program->len,
        .insns = (uintptr_t) program->data,
        .license = (uintptr_t) "LGPL",
    };

    return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

bool cgroup_devices(const char *group, const CgroupDevice *devices, GError **error)
{
    g_autoptr(GArray) text = write_program(devices);
    g_auto(Fd) program = load(text);
    g_auto(Fd) directory = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    union bpf_attr attr = {
        .target_fd = directory,
        .attach_bpf_fd = program,
        .attach_type = BPF_CGROUP_DEVICE,
    };

    if (program < 0 || directory < 0 || syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
        return fail_errno(error, errno, "the devices of '%s' cannot be limited", group);
    return true;
}
