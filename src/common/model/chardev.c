/* chardev.c - serial ports, consoles, channels, and what is at their other end */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/chardev.h"
#include "model/list.h"

const char *const char_type_names[] = {
    [CHAR_NONE] = NULL,
    [CHAR_NULL] = "null",
    [CHAR_VC] = "vc",
    [CHAR_PTY] = "pty",
    [CHAR_DEV] = "dev",
    [CHAR_FILE] = "file",
    [CHAR_PIPE] = "pipe",
    [CHAR_STDIO] = "stdio",
    [CHAR_UDP] = "udp",
    [CHAR_TCP] = "tcp",
    [CHAR_UNIX] = "unix",
    [CHAR_SPICE_VMC] = "spicevmc",
    [CHAR_SPICE_PORT] = "spiceport",
    [CHAR_NMDM] = "nmdm",
    [CHAR_QEMU_VDAGENT] = "qemu-vdagent",
    [CHAR_DBUS] = "dbus",
    NULL,
};
const char *const char_mode_names[] = {
    [CHAR_MODE_ABSENT] = NULL,
    [CHAR_CONNECT] = "connect",
    [CHAR_BIND] = "bind",
    NULL,
};
const char *const char_protocol_names[] = {
    [CHAR_RAW] = "raw",
    [CHAR_TELNET] = "telnet",
    [CHAR_TELNETS] = "telnets",
    [CHAR_TLS] = "tls",
    NULL,
};
const char *const mouse_mode_names[] = {
    [MOUSE_MODE_ABSENT] = NULL,
    [MOUSE_MODE_SERVER] = "server",
    [MOUSE_MODE_CLIENT] = "client",
    NULL,
};
const char *const serial_type_names[] = {
    [SERIAL_ABSENT] = NULL,
    [SERIAL_ISA] = "isa-serial",
    [SERIAL_USB] = "usb-serial",
    [SERIAL_PCI] = "pci-serial",
    [SERIAL_SPAPR_VIO] = "spapr-vio-serial",
    [SERIAL_SYSTEM] = "system-serial",
    [SERIAL_SCLP] = "sclp-serial",
    [SERIAL_ISA_DEBUG] = "isa-debug",
    NULL,
};
const char *const serial_model_names[] = {
    [SERIAL_MODEL_ABSENT] = NULL,
    [SERIAL_MODEL_ISA_SERIAL] = "isa-serial",
    [SERIAL_MODEL_USB_SERIAL] = "usb-serial",
    [SERIAL_MODEL_PCI_SERIAL] = "pci-serial",
    [SERIAL_MODEL_SPAPR_VTY] = "spapr-vty",
    [SERIAL_MODEL_PL011] = "pl011",
    [SERIAL_MODEL_SCLPCONSOLE] = "sclpconsole",
    [SERIAL_MODEL_SCLPLMCONSOLE] = "sclplmconsole",
    [SERIAL_MODEL_16550A] = "16550a",
    [SERIAL_MODEL_ISA_DEBUGCON] = "isa-debugcon",
    NULL,
};
const char *const console_type_names[] = {
    [CONSOLE_ABSENT] = NULL,     [CONSOLE_SERIAL] = "serial",
    [CONSOLE_XEN] = "xen",       [CONSOLE_UML] = "uml",
    [CONSOLE_VIRTIO] = "virtio", [CONSOLE_LXC] = "lxc",
    [CONSOLE_OPENVZ] = "openvz", [CONSOLE_SCLP] = "sclp",
    [CONSOLE_SCLPLM] = "sclplm", NULL,
};
const char *const channel_type_names[] = {
    [CHANNEL_NONE] = NULL,
    [CHANNEL_GUESTFWD] = "guestfwd",
    [CHANNEL_VIRTIO] = "virtio",
    [CHANNEL_XEN] = "xen",
    NULL,
};
static const char *const channel_state_names[] = {
    [CHANNEL_STATE_ABSENT] = NULL,
    [CHANNEL_CONNECTED] = "connected",
    [CHANNEL_DISCONNECTED] = "disconnected",
    NULL,
};

static const XmlField char_end_fields[] = {
    XML_ENUM("@mode", CharEnd, mode, char_mode_names),
    XML_STRING("@host", CharEnd, host),
    XML_STRING("@service", CharEnd, service),
    {},
};
static XmlElement char_end_element = {
    .name = "source",
    .size = sizeof(CharEnd),
    .fields = char_end_fields,
};

// clang-format off
#define FILES (WHEN(CHAR_DEV) | WHEN(CHAR_FILE) | WHEN(CHAR_PIPE))
#define SOCKET (WHEN(CHAR_TCP) | WHEN(CHAR_UNIX))
#define TCP .when = WHEN(CHAR_TCP)

static const XmlField char_source_fields[] = {
    XML_ENUM("@type", CharSource, type, char_type_names),
    XML_STRING("@tty", CharSource, tty, .live = true),
    XML_LIST("source", CharSource, ends, &char_end_element, .when = WHEN(CHAR_UDP)),
    XML_ENUM("source/@mode", CharSource, mode, char_mode_names, .when = SOCKET),
    XML_STRING("source/@path", CharSource, path, .required = true, .when = FILES),
    XML_STRING("source/@path", CharSource, path, .when = WHEN(CHAR_UNIX)),
    XML_STRING("source/@path", CharSource, path, .live = true, .when = WHEN(CHAR_PTY)),
    XML_ON_OFF("source/@append", CharSource, append, .when = WHEN(CHAR_FILE)),
    XML_STRING("source/@host", CharSource, host, .required = true, TCP),
    XML_STRING("source/@service", CharSource, service, .required = true, TCP),
    XML_YES_NO("source/@tls", CharSource, tls, TCP),
    XML_NUMBER("source/@tlsFromConfig", CharSource, tls_from_config, .live = true, TCP),
    XML_STRING("source/@channel", CharSource, channel, .required = true,
               .when = WHEN(CHAR_SPICE_PORT) | WHEN(CHAR_DBUS)),
    XML_STRING("source/@master", CharSource, master, .required = true, .when = WHEN(CHAR_NMDM)),
    XML_STRING("source/@slave", CharSource, slave, .required = true, .when = WHEN(CHAR_NMDM)),
    XML_YES_NO("source/reconnect/@enabled", CharSource, reconnect, .needed = true, .when = SOCKET),
    XML_NUMBER("source/reconnect/@timeout", CharSource, reconnect_timeout, .when = SOCKET),
    XML_YES_NO("source/clipboard/@copypaste", CharSource, clipboard, .needed = true,
               .when = WHEN(CHAR_QEMU_VDAGENT)),
    XML_ENUM("source/mouse/@mode", CharSource, mouse, mouse_mode_names, .needed = true,
             .when = WHEN(CHAR_QEMU_VDAGENT)),
    XML_LIST("source/seclabel", CharSource, labels, &device_label_element,
             .when = FILES | WHEN(CHAR_UNIX) | WHEN(CHAR_PTY)),
    XML_ENUM("protocol/@type", CharSource, protocol, char_protocol_names, .when = WHEN(CHAR_TCP)),
    XML_STRING("log/@file", CharSource, log, .needed = true),
    XML_ON_OFF("log/@append", CharSource, log_append),
    {},
};
// clang-format on

static bool udp_finish(const CharSource *source, GError **error)
{
    for (LIST_EACH(CharEnd, end, source->ends)) {
        if (!end->service)
            return fail(error, ERR_XML, "missing 'source/@service'");
    }
    return true;
}

/* Without a path we listen, at one of our choice; only channels are found there. */
static bool channel_source_finish(void *object, unsigned, GError **error)
{
    CharSource *source = object;

    if (source->type == CHAR_UDP)
        return udp_finish(source, error);
    if (source->type == CHAR_UNIX && !source->path)
        source->mode = CHAR_MODE_ABSENT;
    else if (!source->mode && (source->type == CHAR_TCP || source->type == CHAR_UNIX))
        source->mode = CHAR_CONNECT;
    if (source->reconnect == SWITCH_ON && source->mode != CHAR_CONNECT)
        return fail(error, ERR_XML, "only mode 'connect' can reconnect");
    return true;
}

static bool char_source_finish(void *object, unsigned flags, GError **error)
{
    const CharSource *source = object;

    if (source->type == CHAR_UNIX && !source->path)
        return fail(error, ERR_XML, "missing 'source/@path'");
    return channel_source_finish(object, flags, error);
}

XmlElement char_source_element = {
    .name = "source",
    .size = sizeof(CharSource),
    .fields = char_source_fields,
    .variant = offsetof(CharSource, type),
    .finish = char_source_finish,
};

static XmlElement channel_source_element = {
    .name = "source",
    .size = sizeof(CharSource),
    .fields = char_source_fields,
    .variant = offsetof(CharSource, type),
    .finish = channel_source_finish,
};

static const XmlField serial_fields[] = {
    XML_PART(".", Serial, source, &char_source_element),
    XML_ENUM("target/@type", Serial, type, serial_type_names),
    XML_NUMBER("target/@port", Serial, port, .max = UINT32_MAX),
    XML_ENUM("target/model/@name", Serial, model, serial_model_names, .needed = true),
    DEVICE_INFO(Serial),
    {},
};
XmlElement serial_element = {
    .name = "serial",
    .size = sizeof(Serial),
    .fields = serial_fields,
};

static const XmlField parallel_fields[] = {
    XML_PART(".", Parallel, source, &char_source_element),
    XML_NUMBER("target/@port", Parallel, port, .max = UINT32_MAX),
    DEVICE_INFO(Parallel),
    {},
};
XmlElement parallel_element = {
    .name = "parallel",
    .size = sizeof(Parallel),
    .fields = parallel_fields,
};

static const XmlField console_fields[] = {
    XML_PART(".", Console, source, &char_source_element),
    XML_ENUM("target/@type", Console, type, console_type_names),
    XML_NUMBER("target/@port", Console, port, .max = UINT32_MAX),
    DEVICE_INFO(Console),
    {},
};
XmlElement console_element = {
    .name = "console",
    .size = sizeof(Console),
    .fields = console_fields,
};

static const XmlField channel_fields[] = {
    XML_PART(".", Channel, source, &channel_source_element),
    XML_ENUM("target/@type", Channel, type, channel_type_names, .required = true),
    XML_STRING("target/@address", Channel, address, .when = WHEN(CHANNEL_GUESTFWD)),
    XML_NUMBER("target/@port", Channel, port, .max = 65535, .when = WHEN(CHANNEL_GUESTFWD)),
    XML_STRING("target/@name", Channel, name, .when = WHEN(CHANNEL_VIRTIO) | WHEN(CHANNEL_XEN)),
    XML_ENUM("target/@state", Channel, state, channel_state_names, .live = true,
             .when = WHEN(CHANNEL_VIRTIO)),
    DEVICE_INFO(Channel),
    {},
};

static bool channel_finish(void *object, unsigned, GError **error)
{
    const Channel *channel = object;

    if (channel->type == CHANNEL_GUESTFWD && (!channel->address || !channel->port))
        return fail(error, ERR_XML, "missing 'target/@%s'", channel->address ? "port" : "address");
    if (channel->type == CHANNEL_GUESTFWD && channel->source.type == CHAR_UNIX &&
        !channel->source.path)
        return fail(error, ERR_XML, "missing 'source/@path'");
    return true;
}

XmlElement channel_element = {
    .name = "channel",
    .size = sizeof(Channel),
    .fields = channel_fields,
    .variant = offsetof(Channel, type),
    .finish = channel_finish,
};

void char_source_copy(CharSource *to, const CharSource *from)
{
    g_autofree CharSource *copy = xml_copy(&char_source_element, from);

    *to = *copy;
}
