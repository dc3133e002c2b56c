/* nft.c - firewall rules as one transaction each
 *
 * libnftables serves one caller at a time, so there is one context and its lock, held for the
 * length of a transaction. */
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

static GMutex lock;

static struct nft_ctx *find_context(void)
{
    static struct nft_ctx *context;

    if (context)
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
    LOCKED(&lock);

    return run(commands, 0, NULL, error);
}

char *nft_list(const char *command, GError **error)
{
    g_autofree char *answer = NULL;

    LOCKED(&lock);
    return run(command, NFT_CTX_OUTPUT_JSON, &answer, error) ? g_steal_pointer(&answer) : NULL;
}

/* ---- changes of others ---- */

static struct {
    struct nl_sock *socket;
    const char *table;
    void (*changed)(bool ours);
    bool is_ours; /* the transaction that is being read touches our table */
    bool ours, others;
} watching;

/* Every message but the last of a transaction names a table first; the last one, its generation,
 * says who made it. */
static int on_message(struct nl_msg *message, void *)
{
    struct nlmsghdr *header = nlmsg_hdr(message);
    struct nlattr *who, *table;

    if (header->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN)) {
        table = nlmsg_find_attr(header, sizeof(struct nfgenmsg), NFTA_TABLE_NAME);
        watching.is_ours |= table && g_str_equal(nla_get_string(table), watching.table);
        return NL_OK;
    }
    who = nlmsg_find_attr(header, sizeof(struct nfgenmsg), NFTA_GEN_PROC_PID);
    if (!who || ntohl(nla_get_u32(who)) != (uint32_t) getpid()) {
        watching.ours |= watching.is_ours;
        watching.others = true;
    }
    watching.is_ours = false;
    return NL_OK;
}

/* What got lost may have been anything. */
static void read_messages(uint32_t, void *)
{
    int result;

    watching.ours = watching.others = false;
    do
        result = nl_recvmsgs_default(watching.socket);
    while (result >= 0);
    if (result != -NLE_AGAIN)
        watching.ours = watching.others = true;
    if (watching.others)
        watching.changed(watching.ours);
}

bool nft_watch(const char *table, void (*changed)(bool ours), GError **error)
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
    (void) watch_new(nl_socket_get_fd(watching.socket), EPOLLIN, read_messages, NULL);
    return true;
}
