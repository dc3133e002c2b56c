/* dev-graphics.c - how a guest's screen is seen
 *
 * QEMU itself looks for a free port, so that two starts never race for one, and is asked for it
 * afterwards. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dev-graphics.h"

#include "dev-misc.h"

#include <string.h>

enum { FIRST_PORT = 5900, LAST_PORT = 65535 };

static GraphicsListen *first_listen(const Graphics *graphics)
{
    return list_length(graphics->listens) ? graphics->listens->pdata[0] : NULL;
}

/* The only screen that is served. */
static Graphics *screen(const Domain *guest)
{
    return list_length(guest->graphics) ? guest->graphics->pdata[0] : NULL;
}

/* ---- where it listens ---- */

static void set_text(char **to, const char *text)
{
    g_free(*to);
    *to = g_strdup(text);
}

/* A choice of ours shows in the running guest's definition. */
static GraphicsListen *choose_listen(Args *args, Graphics *graphics)
{
    GraphicsListen *listen = first_listen(graphics);

    if (!listen) {
        listen = g_new0(GraphicsListen, 1);
        listen->type = LISTEN_ADDRESS;
        list_add(&graphics->listens, listen);
    }
    if (listen->type == LISTEN_ADDRESS && !listen->address) {
        listen->address = g_strdup(args->vnc_listen);
        set_text(&graphics->legacy_listen, listen->address);
    }
    if (listen->type == LISTEN_SOCKET && !listen->socket) {
        listen->socket = g_strdup_printf("%s/vnc.sock", args->directory);
        listen->generated = SWITCH_ON;
        set_text(&graphics->legacy_socket, listen->socket);
    }
    return listen;
}

static bool picks_port(const Graphics *graphics)
{
    return graphics->autoport == SWITCH_ON || graphics->port <= 0;
}

static void add_port(GString *option, const Graphics *graphics, const char *address)
{
    bool free_port = picks_port(graphics);

    g_string_append_printf(option, strchr(address, ':') ? "[%s]:%d" : "%s:%d", address,
                           free_port ? 0 : graphics->port - FIRST_PORT);
    if (free_port)
        option_printf(option, "to", "%d", LAST_PORT - FIRST_PORT);
    if (graphics->websocket > 0)
        option_printf(option, "websocket", "%d", graphics->websocket);
    else if (graphics->websocket < 0)
        option_set(option, "websocket", "on");
}

static void add_listen(GString *option, const Graphics *graphics, const GraphicsListen *listen)
{
    switch (listen->type) {
    case LISTEN_SOCKET:
        option_printf(option, "vnc", "unix:%s", listen->socket);
        break;
    case LISTEN_NO:
        g_string_append(option, "none");
        break;
    default:
        add_port(option, graphics, listen->address);
    }
}

/* ---- the option ---- */

/* An empty password is one that nobody can give. */
static bool add_password(Args *args, GString *option, const Graphics *graphics, GError **error)
{
    g_autofree char *path = NULL;

    if (!graphics->password)
        return true;
    if (!*graphics->password) {
        option_set(option, "password", "on");
        return true;
    }
    path = args_secret(args, "vnc-password", graphics->password, error);
    if (!path)
        return false;
    args_json(args, "-object",
              json_build("sss", "qom-type", "secret", "id", "vnc-password", "file", path));
    option_set(option, "password-secret", "vnc-password");
    return true;
}

static bool add_vnc(Args *args, const Domain *live, Graphics *graphics, GError **error)
{
    GString *option = option_new(NULL);
    g_autofree char *audio = audio_id(live, graphics->audio);

    add_listen(option, graphics, choose_listen(args, graphics));
    option_set(option, "share", share_policy_names[graphics->share_policy]);
    option_switch(option, "power-control", graphics->power_control);
    option_set(option, "audiodev", audio);
    if (!add_password(args, option, graphics, error)) {
        g_string_free(option, true);
        return false;
    }
    args_option(args, "-vnc", option);
    if (graphics->keymap)
        args_add(args, "-k", graphics->keymap);
    return true;
}

bool graphics_add(Args *args, Domain *live, GError **error)
{
    Graphics *graphics = screen(live);

    if (graphics)
        return add_vnc(args, live, graphics, error);
    args_add(args, "-display", "none");
    return true;
}

/* The definition gives UTC, QEMU wants seconds since 1970. */
void graphics_commands(const Domain *live, Json *commands)
{
    const Graphics *graphics = screen(live);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = graphics && graphics->password_valid_to
                                    ? g_date_time_new_from_iso8601(graphics->password_valid_to, utc)
                                    : NULL;
    g_autofree char *seconds =
        time ? g_strdup_printf("%" G_GINT64_FORMAT, g_date_time_to_unix(time)) : NULL;

    if (!seconds || !graphics->password)
        return;
    json_object_array_add(commands,
                          json_build("sj", "execute", "expire_password", "arguments",
                                     json_build("ss", "protocol", "vnc", "time", seconds)));
}

/* ---- while the guest runs ---- */

static int port_of(Json *servers, bool websocket)
{
    for (size_t i = 0; i < json_length(servers); i++) {
        Json *server = json_object_array_get_idx(servers, i);
        const char *service = json_text(server, "service");

        if (service && json_flag(server, "websocket") == websocket)
            return (int) g_ascii_strtoll(service, NULL, 10);
    }
    return 0;
}

bool graphics_learn(Domain *live, Json *answer, GError **error)
{
    Graphics *graphics = screen(live);
    Json *servers =
        json_length(answer) ? json_member(json_object_array_get_idx(answer, 0), "server") : NULL;
    int port, websocket;

    if (!graphics || first_listen(graphics)->type != LISTEN_ADDRESS)
        return true;
    port = port_of(servers, false);
    websocket = port_of(servers, true);
    if (!port)
        return fail(error, ERR_INTERNAL, "QEMU does not tell the port of its VNC server");
    if (graphics->websocket > 0 && websocket != graphics->websocket)
        return fail(error, ERR_OPERATION_FAILED, "port %d for VNC over WebSocket is in use",
                    graphics->websocket);
    graphics->port = port;
    graphics->websocket = websocket;
    return true;
}

void graphics_clean(const Domain *live)
{
    const Graphics *graphics = screen(live);
    const GraphicsListen *listen = graphics ? first_listen(graphics) : NULL;

    if (listen && listen->type == LISTEN_SOCKET && listen->socket)
        (void) unlink(listen->socket);
}

bool graphics_check(const Domain *guest, GError **error)
{
    const Graphics *graphics = screen(guest);

    if (!graphics)
        return true;
    if (list_length(guest->graphics) > 1)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "only 1 graphics device of type vnc is supported");
    if (list_length(graphics->listens) > 1)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "multiple 'listen' elements of a graphics device are not supported");
    if (!picks_port(graphics) && graphics->port < FIRST_PORT)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "vnc port must be in range [%d,%d]", FIRST_PORT,
                    LAST_PORT);
    return true;
}
