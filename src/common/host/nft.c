/* nft.c - firewall rules as one transaction each
 *
 * libnftables serves one caller at a time, so there is one context and its lock, held for the
 * length of a transaction. Each transaction, whoever makes it, gives the ruleset its next
 * generation: by that ours are told from those of others. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/nft.h"

#include "base/cleanup.h"
#include "loop/loop.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <nftables/libnftables.h>
#include <string.h>

enum { REMEMBERED = 4096 };

static GMutex lock;
static uint32_t own[REMEMBERED]; /* the last generations that are ours, by their remainder */

/* ---- generations ---- */

static int take_generation(struct nl_msg *message, void *data)
{
    struct nlattr *id = nlmsg_find_attr(nlmsg_hdr(message), sizeof(struct nfgenmsg), NFTA_GEN_ID);

    if (id)
        *(uint32_t *) data = ntohl(nla_get_u32(id));
    return NL_OK;
}

/* 0: it cannot be told. The lock is held. */
static uint32_t generation(void)
{
    static struct nl_sock *sock;
    struct nfgenmsg header = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
    uint32_t now = 0;

    if (!sock) {
        sock = nl_socket_alloc();
        (void) nl_connect(sock, NETLINK_NETFILTER);
    }
    nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, take_generation, &now);
    if (nl_send_simple(sock, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, NLM_F_ACK, &header,
                       sizeof(header)) < 0 ||
        nl_recvmsgs_default(sock) < 0 || nl_wait_for_ack(sock) < 0)
        g_clear_pointer(&sock, nl_socket_free);
    return now;
}

bool nft_is_own(uint32_t which)
{
    LOCKED(&lock);

    return which && own[which % REMEMBERED] == which;
}

/* ---- transactions ---- */

/* libnftables ends the process on a kernel without it. */
static bool kernel_has_netfilter(void)
{
    g_auto(Fd) fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

    return fd >= 0;
}

static struct nft_ctx *find_context(void)
{
    static struct nft_ctx *context;

    if (context || !kernel_has_netfilter())
        return context;
    context = nft_ctx_new(NFT_CTX_DEFAULT);
    if (context) {
        nft_ctx_buffer_output(context);
        nft_ctx_buffer_error(context);
    }
    return context;
}

/* The lock is held. */
static bool run(const char *commands, unsigned output, char **answer, GError **error)
{
    struct nft_ctx *context = find_context();
    g_autofree char *why = NULL;
    int result;

    if (!context)
        return fail(error, ERR_INTERNAL, "the firewall cannot be spoken to: libnftables fails");
    nft_ctx_output_set_flags(context, output);
    result = nft_run_cmd_from_buffer(context, commands);
    why = g_strdup(nft_ctx_get_error_buffer(context));
    if (result != 0)
        g_debug("the firewall refuses its rules: %s\n%s", why, commands);
    why[strcspn(why, "\n")] = '\0';
    if (answer)
        *answer = g_strdup(nft_ctx_get_output_buffer(context));
    else
        (void) nft_ctx_get_output_buffer(context);
    return result == 0 || fail(error, ERR_INTERNAL, "the firewall refuses its rules: %s", why);
}

bool nft_run(const char *commands, GError **error)
{
    uint32_t before, after;
    LOCKED(&lock);

    before = generation();
    if (!run(commands, 0, NULL, error))
        return false;
    after = generation();
    if (after == before + 1) /* else somebody else has made one, too, and it may be either */
        own[after % REMEMBERED] = after;
    return true;
}

char *nft_list(const char *command, GError **error)
{
    g_autofree char *answer = NULL;

    LOCKED(&lock);
    return run(command, NFT_CTX_OUTPUT_JSON, &answer, error) ? g_steal_pointer(&answer) : NULL;
}

/* ---- changes ---- */

static struct {
    struct nl_sock *socket;
    const char *table;
    NftChanged *changed;
    bool touched; /* the transaction that is being read touches our table */
    Watch *watch;
} watching;

/* Every message but the last of a transaction names a table first; the last one is its generation.
 */
static int on_message(struct nl_msg *message, void *)
{
    struct nlmsghdr *header = nlmsg_hdr(message);
    struct nlattr *table;
    uint32_t which = 0;

    if (header->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN)) {
        table = nlmsg_find_attr(header, sizeof(struct nfgenmsg), NFTA_TABLE_NAME);
        watching.touched |= table && g_str_equal(nla_get_string(table), watching.table);
        return NL_OK;
    }
    (void) take_generation(message, &which);
    watching.changed(which, watching.touched);
    watching.touched = false;
    return NL_OK;
}

/* What got lost may have been anything. */
static void read_messages(uint32_t, void *)
{
    int result;

    do
        result = nl_recvmsgs_default(watching.socket);
    while (result >= 0);
    if (result != -NLE_AGAIN)
        watching.changed(0, true);
}

bool nft_watch(const char *table, NftChanged *changed, GError **error)
{
    watching.socket = nl_socket_alloc();
    nl_socket_disable_seq_check(watching.socket);
    nl_socket_modify_cb(watching.socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, NULL);
    if (nl_connect(watching.socket, NETLINK_NETFILTER) < 0 ||
        nl_socket_add_membership(watching.socket, NFNLGRP_NFTABLES) < 0 ||
        nl_socket_set_nonblocking(watching.socket) < 0) {
        nl_socket_free(g_steal_pointer(&watching.socket));
        return fail(error, ERR_INTERNAL, "changes of the firewall cannot be watched");
    }
    watching.table = table;
    watching.changed = changed;
    watching.watch = watch_new(nl_socket_get_fd(watching.socket), EPOLLIN, read_messages, NULL);
    return true;
}
