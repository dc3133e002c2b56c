/* graphics.h - how a guest's screen is seen */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/bind.h"

typedef enum GraphicsType {
    GRAPHICS_NONE,
    GRAPHICS_SDL,
    GRAPHICS_VNC,
    GRAPHICS_RDP,
    GRAPHICS_DESKTOP,
    GRAPHICS_SPICE,
    GRAPHICS_EGL_HEADLESS,
    GRAPHICS_DBUS,
} GraphicsType;
extern const char *const graphics_type_names[];

typedef enum ListenType {
    LISTEN_NO, /* "none": only a client that hands over a descriptor */
    LISTEN_ADDRESS,
    LISTEN_NETWORK, /* on the address of that network's bridge */
    LISTEN_SOCKET,
} ListenType;
extern const char *const listen_type_names[];

typedef struct GraphicsListen {
    ListenType type;
    char *address; /* live, also of LISTEN_NETWORK */
    char *network;
    char *socket;
    unsigned from_config; /* live, 1: the address is the configuration's */
    Switch generated;     /* live: the socket is the daemon's choice */
} GraphicsListen;

typedef enum SharePolicy {
    SHARE_ABSENT,
    SHARE_ALLOW_EXCLUSIVE,
    SHARE_FORCE_SHARED,
    SHARE_IGNORE,
} SharePolicy;
extern const char *const share_policy_names[];

typedef enum PasswordConnected {
    CONNECTED_ABSENT,
    CONNECTED_FAIL,
    CONNECTED_DISCONNECT,
    CONNECTED_KEEP,
} PasswordConnected;
extern const char *const password_connected_names[];

typedef enum SpiceMode { SPICE_MODE_ABSENT, SPICE_ANY, SPICE_SECURE, SPICE_INSECURE } SpiceMode;
extern const char *const spice_mode_names[];

typedef enum SpiceChannelName {
    SPICE_CHANNEL_NONE,
    SPICE_MAIN,
    SPICE_DISPLAY,
    SPICE_INPUTS,
    SPICE_CURSOR,
    SPICE_PLAYBACK,
    SPICE_RECORD,
    SPICE_SMARTCARD,
    SPICE_USBREDIR,
} SpiceChannelName;
extern const char *const spice_channel_names[];

typedef struct SpiceChannel {
    SpiceChannelName name;
    SpiceMode mode;
} SpiceChannel;

typedef struct Graphics {
    GraphicsType type;
    int port;     /* 0 and -1: chosen at start */
    int tls_port; /* of SPICE: 0: none; -1: chosen at start */
    Switch autoport;
    int websocket;              /* of VNC: 0: none; -1: chosen at start */
    Switch websocket_generated; /* live */
    char *keymap;
    SharePolicy share_policy;
    char *password; /* written for those who may see secrets; "" is one that nobody can use */
    char *password_valid_to; /* UTC, "2010-04-09T15:51:00" */
    PasswordConnected connected;
    Switch power_control;
    SpiceMode default_mode;
    char *display, *xauth; /* of SDL and desktop */
    Switch fullscreen;
    Switch replace_user, multi_user;     /* of RDP */
    char *legacy_listen, *legacy_socket; /* attributes beside the first of listens; the same */
    Switch p2p;                          /* of D-Bus */
    char *address;                       /* of D-Bus */
    GPtrArray *listens;                  /* of GraphicsListen */
    GPtrArray *channels;                 /* of SpiceChannel */
    char *image_compression, *jpeg_compression, *zlib_compression;
    Switch playback_compression;
    char *streaming;
    Switch clipboard;
    char *mouse;
    Switch file_transfer;
    Switch gl;
    char *gl_rendernode;
    Optional audio; /* the id of an <audio> */
} Graphics;

extern XmlElement graphics_element;
XML_STRUCT(Graphics, graphics, graphics_element)
