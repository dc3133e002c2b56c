/* chardev.h - serial ports, consoles, channels, and what is at their other end */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum CharType {
    CHAR_NONE,
    CHAR_NULL,
    CHAR_VC,
    CHAR_PTY,
    CHAR_DEV,
    CHAR_FILE,
    CHAR_PIPE,
    CHAR_STDIO,
    CHAR_UDP,
    CHAR_TCP,
    CHAR_UNIX,
    CHAR_SPICE_VMC,
    CHAR_SPICE_PORT,
    CHAR_NMDM,
    CHAR_QEMU_VDAGENT,
    CHAR_DBUS,
} CharType;
extern const char *const char_type_names[];

typedef enum CharMode { CHAR_MODE_ABSENT, CHAR_CONNECT, CHAR_BIND } CharMode;
extern const char *const char_mode_names[];

typedef enum CharProtocol {
    CHAR_RAW,
    CHAR_TELNET,
    CHAR_TELNETS,
    CHAR_TLS,
} CharProtocol;
extern const char *const char_protocol_names[];

typedef enum MouseMode { MOUSE_MODE_ABSENT, MOUSE_MODE_SERVER, MOUSE_MODE_CLIENT } MouseMode;
extern const char *const mouse_mode_names[];

/* One of the two <source> of a UDP device: bind is its own end, connect the other's. */
typedef struct CharEnd {
    CharMode mode;
    char *host, *service;
} CharEnd;

/* The host's end of a character device: rows of the device's own table. */
typedef struct CharSource {
    CharType type;
    char *tty;     /* live, of consoles: the same as path, where old readers look */
    CharMode mode; /* of TCP and UNIX */
    char *path;    /* file, device, pipe, socket; live: of a pty */
    Switch append; /* of a file */
    char *host, *service;
    Switch tls;
    unsigned tls_from_config; /* live, 1: it was the configuration's choice */
    CharProtocol protocol;
    Switch reconnect;
    unsigned reconnect_timeout;
    GPtrArray *ends;      /* of CharEnd, of UDP */
    char *channel;        /* of spiceport and D-Bus */
    char *master, *slave; /* of nmdm */
    Switch clipboard;     /* of qemu-vdagent */
    MouseMode mouse;
    GPtrArray *labels; /* of DeviceLabel */
    char *log;         /* a file that gets a copy of what the guest writes */
    Switch log_append;
} CharSource;

typedef enum SerialType {
    SERIAL_ABSENT,
    SERIAL_ISA,
    SERIAL_USB,
    SERIAL_PCI,
    SERIAL_SPAPR_VIO,
    SERIAL_SYSTEM,
    SERIAL_SCLP,
    SERIAL_ISA_DEBUG,
} SerialType;
extern const char *const serial_type_names[];

typedef enum SerialModel {
    SERIAL_MODEL_ABSENT,
    SERIAL_MODEL_ISA_SERIAL,
    SERIAL_MODEL_USB_SERIAL,
    SERIAL_MODEL_PCI_SERIAL,
    SERIAL_MODEL_SPAPR_VTY,
    SERIAL_MODEL_PL011,
    SERIAL_MODEL_SCLPCONSOLE,
    SERIAL_MODEL_SCLPLMCONSOLE,
    SERIAL_MODEL_16550A,
    SERIAL_MODEL_ISA_DEBUGCON,
} SerialModel;
extern const char *const serial_model_names[]; /* the names of QEMU's devices, too */

typedef struct Serial {
    DeviceInfo info;
    CharSource source;
    SerialType type;
    SerialModel model;
    Optional port;
} Serial;

typedef struct Parallel {
    DeviceInfo info;
    CharSource source;
    Optional port;
} Parallel;

typedef enum ConsoleType {
    CONSOLE_ABSENT,
    CONSOLE_SERIAL,
    CONSOLE_XEN,
    CONSOLE_UML,
    CONSOLE_VIRTIO,
    CONSOLE_LXC,
    CONSOLE_OPENVZ,
    CONSOLE_SCLP,
    CONSOLE_SCLPLM,
} ConsoleType;
extern const char *const console_type_names[];

/* CONSOLE_SERIAL as the first console is the first serial port under another name. */
typedef struct Console {
    DeviceInfo info;
    CharSource source;
    ConsoleType type;
    Optional port;
} Console;

typedef enum ChannelType {
    CHANNEL_NONE,
    CHANNEL_GUESTFWD,
    CHANNEL_VIRTIO,
    CHANNEL_XEN
} ChannelType;
extern const char *const channel_type_names[];

typedef enum ChannelState {
    CHANNEL_STATE_ABSENT,
    CHANNEL_CONNECTED,
    CHANNEL_DISCONNECTED,
} ChannelState;

typedef struct Channel {
    DeviceInfo info;
    CharSource source;
    ChannelType type;
    char *address; /* of guestfwd */
    unsigned port;
    char *name;         /* of virtio */
    ChannelState state; /* live: whether the guest has it open */
} Channel;

extern XmlElement char_source_element; /* as a part */
extern XmlElement serial_element, parallel_element, console_element, channel_element;
XML_STRUCT(Serial, serial, serial_element)
XML_STRUCT(Parallel, parallel, parallel_element)
XML_STRUCT(Console, console, console_element)
XML_STRUCT(Channel, channel, channel_element)

/* A deep copy of what is at the other end, into a zeroed place. */
void char_source_copy(CharSource *to, const CharSource *from);
