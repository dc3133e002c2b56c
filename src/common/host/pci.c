/* pci.c - PCI functions of this machine: their places and configuration space */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/pci.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <sys/stat.h>

bool host_pci_parse(const char *text, HostPci *pci)
{
    HostPci read;
    int end = 0;

    if (sscanf(text, "%x:%2x:%2x.%1x%n", &read.domain, &read.bus, &read.slot, &read.function,
               &end) != 4 ||
        text[end])
        return false;
    *pci = read;
    return true;
}

char *host_pci_print(const HostPci *pci, char text[HOST_PCI_TEXT])
{
    g_snprintf(text, HOST_PCI_TEXT, "%04x:%02x:%02x.%x", pci->domain, pci->bus, pci->slot,
               pci->function);
    return text;
}

/* Little-endian, of 1, 2 or 4 bytes; 0 when it cannot be read. */
static unsigned read_register(int fd, unsigned at, unsigned size)
{
    uint8_t bytes[4] = { 0 };
    unsigned value = 0;

    if (pread(fd, bytes, size, at) != (ssize_t) size)
        return 0;
    for (unsigned i = size; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

/* Where the capability with this number begins; 0: there is none. */
static unsigned find_capability(int fd, unsigned number)
{
    enum { MOST = (PCI_CFG_SPACE_SIZE - PCI_STD_HEADER_SIZEOF) / 4 };
    unsigned at;

    if (!(read_register(fd, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
        return 0;
    at = read_register(fd, PCI_CAPABILITY_LIST, 1) & ~3u;
    for (int i = 0; i < MOST && at >= PCI_STD_HEADER_SIZEOF; i++) {
        unsigned head = read_register(fd, at, 2);

        if ((head & 0xff) == number)
            return at;
        at = head >> 8 & ~3u;
    }
    return 0;
}

static void read_link(int fd, unsigned at, HostPciConfig *config)
{
    unsigned type = (read_register(fd, at + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_TYPE) >> 4;
    unsigned can, does;

    /* These sit in the root complex itself, with no link before them. */
    config->has_link = type != PCI_EXP_TYPE_RC_END && type != PCI_EXP_TYPE_RC_EC;
    if (!config->has_link)
        return;
    can = read_register(fd, at + PCI_EXP_LNKCAP, 4);
    does = read_register(fd, at + PCI_EXP_LNKSTA, 2);
    config->port = can >> 24;
    config->can = (HostPciLink){ can & PCI_EXP_LNKCAP_SLS, (can & PCI_EXP_LNKCAP_MLW) >> 4 };
    config->does = (HostPciLink){ does & PCI_EXP_LNKSTA_CLS, (does & PCI_EXP_LNKSTA_NLW) >> 4 };
}

/* Only PCI Express functions have more than the first 256 bytes. */
static bool is_extended(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && info.st_size > PCI_CFG_SPACE_SIZE;
}

void host_pci_config(int directory, HostPciConfig *config)
{
    g_auto(Fd) fd = openat(directory, "config", O_RDONLY | O_CLOEXEC);
    unsigned express;

    *config = (HostPciConfig){ 0 };
    if (fd < 0)
        return;
    config->header = read_register(fd, PCI_HEADER_TYPE, 1) & 0x7f;
    express = find_capability(fd, PCI_CAP_ID_EXP);
    config->is_express = express != 0 || is_extended(fd);
    if (express)
        read_link(fd, express, config);
}
