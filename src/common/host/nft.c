/* nft.c - firewall rules as one transaction each
 *
 * libnftables serves one caller at a time, so there is one context and its lock, held for the
 * length of a transaction. It is large, with what it needs: a daemon loads it with its first
 * transaction. Each transaction, whoever makes it, gives the ruleset its next
 * generation: by that ours are told from those of others. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/nft.h"

#include "base/cleanup.h"
#include "loop/loop.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <nftables/libnftables.h>
#include <string.h>
#include <sys/socket.h>

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

/* Answers whether the kernel did. The lock is held. */
static bool ask(uint8_t type, unsigned family, const char *table, nl_recvmsg_msg_cb_t take,
                void *data)
{
    static struct nl_sock *sock;
    struct nfgenmsg header = { .nfgen_family = family, .version = NFNETLINK_V0 };
    struct nl_msg *message = nlmsg_alloc_simple(NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_ACK);
    int result;

    if (!sock) {
        sock = nl_socket_alloc();
        (void) nl_connect(sock, NETLINK_NETFILTER);
    }
    nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, take, data);
    nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO);
    if (table)
        nla_put_string(message, NFTA_TABLE_NAME, table);
    result = nl_send_auto(sock, message);
    nlmsg_free(message);
    if (result < 0 || (result = nl_recvmsgs_default(sock)) < 0 ||
        (result = nl_wait_for_ack(sock)) < 0)
        g_clear_pointer(&sock, nl_socket_free);
    return result >= 0;
}

/* 0: it cannot be told. The lock is held. */
static uint32_t generation(void)
{
    uint32_t now = 0;

    (void) ask(NFT_MSG_GETGEN, AF_UNSPEC, NULL, take_generation, &now);
    return now;
}

static int note_answer(struct nl_msg *, void *found)
{
    *(bool *) found = true;
    return NL_OK;
}

bool nft_has_table(unsigned family, const char *name)
{
    bool found = false;
    LOCKED(&lock);

    (void) ask(NFT_MSG_GETTABLE, family, name, note_answer, &found);
    return found;
}

bool nft_is_own(uint32_t which)
{
    LOCKED(&lock);

    return which && own[which % REMEMBERED] == which;
}

/* ---- transactions ---- */

/* What we call of it. */
#define FUNCTIONS(F)            \
    F(nft_ctx_new)              \
    F(nft_ctx_buffer_output)    \
    F(nft_ctx_buffer_error)     \
    F(nft_ctx_output_set_flags) \
    F(nft_run_cmd_from_buffer)  \
    F(nft_ctx_get_error_buffer) \
    F(nft_ctx_get_output_buffer)

#define MEMBER(function) __typeof__(function) *function;
#define NAMED(function) { #function, (void **) &library.function },

static struct {
    FUNCTIONS(MEMBER)
    struct nft_ctx *context;
} library;

static bool load(GError **error)
{
    static const struct {
        const char *name;
        void **at;
    } functions[] = { FUNCTIONS(NAMED) };
    void *loaded = dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);

    if (!loaded)
        return fail(error, ERR_INTERNAL, "the firewall cannot be spoken to: %s", dlerror());
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
        *functions[i].at = dlsym(loaded, functions[i].name);
        if (!*functions[i].at)
            return fail(error, ERR_INTERNAL, "the firewall cannot be spoken to: no %s()",
                        functions[i].name);
    }
    return true;
}

/* libnftables ends the process on a kernel without it. */
static bool check_kernel(GError **error)
{
    g_auto(Fd) fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

    return fd >= 0 ||
           fail(error, ERR_INTERNAL, "the kernel has no nftables: %s", g_strerror(errno));
}

static bool find_context(GError **error)
{
    if (library.context)
        return true;
    if (!check_kernel(error) || !load(error))
        return false;
    library.context = library.nft_ctx_new(NFT_CTX_DEFAULT);
    if (!library.context)
        return fail(error, ERR_INTERNAL, "the firewall cannot be spoken to: libnftables fails");
    library.nft_ctx_buffer_output(library.context);
    library.nft_ctx_buffer_error(library.context);
    return true;
}

/* The lock is held. */
static bool run(const char *commands, unsigned output, char **answer, GError **error)
{
    g_autofree char *why = NULL;
    int result;

    if (!find_context(error))
        return false;
    library.nft_ctx_output_set_flags(library.context, output);
    result = library.nft_run_cmd_from_buffer(library.context, commands);
    why = g_strdup(library.nft_ctx_get_error_buffer(library.context));
    if (result != 0)
        g_debug("the firewall refuses its rules: %s\n%s", why, commands);
    why[strcspn(why, "\n")] = '\0';
    if (answer)
        *answer = g_strdup(library.nft_ctx_get_output_buffer(library.context));
    else
        (void) library.nft_ctx_get_output_buffer(library.context);
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

/* ---- rules ---- */

/* A burst that is not said is a tenth of a second's, and at least what one call sends. */
char *nft_drop_beyond(const Rate *rate)
{
    uint64_t bytes = rate->average * 1000;
    uint64_t burst = rate->burst ? rate->burst * 1024 : MAX(bytes / 10, 65536);

    return g_strdup_printf("limit rate over %" G_GUINT64_FORMAT
                           " bytes/second burst %" G_GUINT64_FORMAT " bytes drop",
                           bytes, burst);
}

/* ---- changes ---- */

typedef struct Watching {
    struct nl_sock *socket;
    const char *table;
    NftChanged *changed;
    bool touched; /* the transaction that is being read touches our table */
} Watching;

/* Every message but the last of a transaction names a table first; the last one is its generation.
 */
static int on_message(struct nl_msg *message, void *data)
{
    struct nlmsghdr *header = nlmsg_hdr(message);
    Watching *watching = data;
    struct nlattr *table;
    uint32_t which = 0;

    if (header->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN)) {
        table = nlmsg_find_attr(header, sizeof(struct nfgenmsg), NFTA_TABLE_NAME);
        watching->touched |= table && g_str_equal(nla_get_string(table), watching->table);
        return NL_OK;
    }
    (void) take_generation(message, &which);
    watching->changed(which, watching->touched);
    watching->touched = false;
    return NL_OK;
}

/* What got lost may have been anything. */
static void read_messages(uint32_t, void *data)
{
    Watching *watching = data;
    int result;

    do
        result = nl_recvmsgs_default(watching->socket);
    while (result >= 0);
    if (result != -NLE_AGAIN)
        watching->changed(0, true);
}

bool nft_watch(const char *table, NftChanged *changed, GError **error)
{
    Watching *watching = g_new0(Watching, 1); /* for good */

    *watching = (Watching){ nl_socket_alloc(), table, changed, false };
    nl_socket_disable_seq_check(watching->socket);
    nl_socket_modify_cb(watching->socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, watching);
    if (nl_connect(watching->socket, NETLINK_NETFILTER) < 0 ||
        nl_socket_add_membership(watching->socket, NFNLGRP_NFTABLES) < 0 ||
        nl_socket_set_nonblocking(watching->socket) < 0) {
        nl_socket_free(watching->socket);
        g_free(watching);
        return fail(error, ERR_INTERNAL, "changes of the firewall cannot be watched");
    }
    (void) watch_new(nl_socket_get_fd(watching->socket), EPOLLIN, read_messages, watching);
    return true;
}
