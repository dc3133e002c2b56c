/* test-container.c - what containers may be and may do, by every row of their tables
 *
 * Reads ../shared/corpus beside the project. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agree.h"
#include "define.h"
#include "limit.h"
#include "plan-write.h"
#include "rights.h"
#include "rootfs.h"
#include "unit.h"
#include "usage.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <unistd.h>

#define CORPUS TEST_DATA "/../../../shared/corpus/lxc"
#define ID_RANGE(kind, start) "<" kind " start='" start "' target='100000' count='10'/>"
#define IDMAP "<idmap>" ID_RANGE("uid", "0") ID_RANGE("gid", "0") "</idmap>"
#define CAPABILITIES(policy, rules) \
    "<features><capabilities policy='" policy "'>" rules "</capabilities></features>"
#define FS(attributes, source, target)                                                   \
    "<devices><filesystem " attributes "><source " source "/><target dir='" target "'/>" \
    "</filesystem></devices>"

static Domain *make(const char *inner, GError **error)
{
    g_autofree char *xml = g_strconcat("<domain type='lxc'><name>one</name><memory>65536</memory>"
                                       "<os><type>exe</type><init>/init</init></os>",
                                       inner, "</domain>", NULL);
    g_autoptr(Domain) domain = domain_parse(xml, 0, NULL, error);

    return domain && container_complete(domain, error) ? g_steal_pointer(&domain) : NULL;
}

/* ---- definitions ---- */

static const struct {
    const char *name, *xml;
    ErrorCode code; /* 0: it is right */
    const char *refusal;
} definitions[] = {
    { "nothing-more", "" },
    { "idmap", IDMAP },
    { "idmap-uid-only", "<idmap>" ID_RANGE("uid", "0") "</idmap>", ERR_CONFIG_UNSUPPORTED, "both" },
    { "idmap-gid-only", "<idmap>" ID_RANGE("gid", "0") "</idmap>", ERR_CONFIG_UNSUPPORTED, "both" },
    { "idmap-without-root", "<idmap>" ID_RANGE("uid", "1") ID_RANGE("gid", "0") "</idmap>",
      ERR_CONFIG_UNSUPPORTED, "root user" },
    { "root", FS("", "dir='/srv'", "/") },
    { "relative-target", FS("", "dir='/srv'", "srv"), ERR_XML, "'srv'" },
    { "relative-source", FS("", "dir='srv'", "/srv"), ERR_XML, "'srv'" },
    { "memory", FS("type='ram'", "usage='10' units='MiB'", "/tmp") },
    { "memory-of-no-unit", FS("type='ram'", "usage='10' units='pounds'", "/tmp"), ERR_XML,
      "units" },
    { "image", FS("type='file'", "file='/srv/image'", "/") },
    { "template", FS("type='template'", "name='x'", "/"), ERR_CONFIG_UNSUPPORTED, "template" },
    { "mapped-without-idmap", FS("accessmode='mapped'", "dir='/srv'", "/") },
    { "mapped", IDMAP FS("accessmode='mapped'", "dir='/srv'", "/") },
    { "graphics", "<devices><graphics type='vnc'/></devices>", ERR_CONFIG_UNSUPPORTED, "graphics" },
    { "clock", "<clock offset='variable' adjustment='1'/>", ERR_CONFIG_UNSUPPORTED, "clock" },
    { "local-clock", "<clock offset='localtime'/>" },
    { "shares", "<cputune><shares>10000</shares></cputune>" },
    { "too-many-shares", "<cputune><shares>10001</shares></cputune>", ERR_XML, "shares" },
    { "short-period", "<cputune><period>999</period></cputune>", ERR_XML, "period" },
    { "no-quota", "<cputune><quota>-1</quota></cputune>" },
    { "heavy", "<blkiotune><weight>10001</weight></blkiotune>", ERR_XML, "weight" },
};

static void test_definition(const void *row)
{
    const __typeof__(definitions[0]) *c = row;
    g_autoptr(GError) error = NULL;
    g_autoptr(Domain) domain = make(c->xml, &error);

    if (!c->code) {
        g_assert_no_error(error);
        return;
    }
    g_assert_null(domain);
    g_assert_cmpint(error_code(error), ==, c->code);
    g_assert_nonnull(strstr(error->message, c->refusal));
}

/* ---- rights ---- */

#define BIT(name) (1ull << CAP_##name)

static const struct {
    const char *name, *xml;
    uint64_t kept, dropped;
} rights[] = {
    { "default", "", BIT(CHOWN) | BIT(SETUID) | BIT(SYS_BOOT),
      BIT(SYS_ADMIN) | BIT(SYS_MODULE) | BIT(MKNOD) | BIT(NET_ADMIN) | BIT(SYS_PTRACE) },
    { "own-network", "<features><privnet/></features>", BIT(NET_ADMIN) | BIT(NET_RAW),
      BIT(SYS_ADMIN) },
    { "mapped", IDMAP, BIT(SYS_ADMIN) | BIT(NET_ADMIN) | BIT(SYS_PTRACE),
      BIT(SYS_MODULE) | BIT(MKNOD) | BIT(SYS_TIME) },
    { "allow", CAPABILITIES("allow", ""), ~0ull, 0 },
    { "deny", CAPABILITIES("deny", ""), 0, ~0ull },
    { "deny-but", CAPABILITIES("deny", "<mknod state='on'/>"), BIT(MKNOD), ~BIT(MKNOD) },
    { "allow-but", CAPABILITIES("allow", "<sys_module state='off'/>"), BIT(SYS_ADMIN),
      BIT(SYS_MODULE) },
    { "default-but", CAPABILITIES("default", "<chown state='off'/><mknod state='on'/>"),
      BIT(MKNOD) | BIT(KILL), BIT(CHOWN) },
};

static void test_rights(const void *row)
{
    const __typeof__(rights[0]) *c = row;
    g_autoptr(Domain) domain = make(c->xml, NULL);
    uint64_t kept = rights_capabilities(domain);

    g_assert_cmphex(kept & c->kept, ==, c->kept);
    g_assert_cmphex(kept & c->dropped, ==, 0);
}

/* Each name of a definition turns one bit on, and another one than every other. */
static void test_every_capability(void)
{
    uint64_t seen = 0;

    for (const char *const *name = lxc_capability_names + 1; *name; name++) {
        g_autofree char *xml = g_strdup_printf(CAPABILITIES("deny", "<%s state='on'/>"), *name);
        g_autoptr(Domain) domain = make(xml, NULL);
        uint64_t bit = rights_capabilities(domain);

        g_assert_true(bit != 0 && (bit & (bit - 1)) == 0);
        g_assert_cmphex(seen & bit, ==, 0);
        seen |= bit;
    }
}

static size_t filter_size(const char *xml)
{
    g_autoptr(Domain) domain = make(xml, NULL);
    g_autoptr(GError) error = NULL;
    const void *program;
    size_t size;

    g_assert_true(rights_filter(domain, &program, &size, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(size % sizeof(struct sock_filter), ==, 0);
    return size;
}

static void test_filters(void)
{
    size_t plain = filter_size(""), mapped = filter_size(IDMAP);
    size_t mounts = filter_size(CAPABILITIES("default", "<sys_admin state='on'/>"));

    g_assert_cmpuint(plain, >, mounts);
    g_assert_cmpuint(plain, >, mapped);
    g_assert_cmpuint(mounts, >, filter_size(CAPABILITIES("allow", "")));
    g_assert_cmpuint(plain / sizeof(struct sock_filter), <, BPF_MAXINSNS);
}

/* ---- limits ---- */

static const struct {
    const char *name, *xml, *asked;
} asked[] = {
    { "nothing", "", NULL },
    { "hard-limit", "<memtune><hard_limit>1024</hard_limit></memtune>", "memtune/hard_limit" },
    { "soft-limit", "<memtune><soft_limit>1024</soft_limit></memtune>", "memtune/soft_limit" },
    { "shares", "<cputune><shares>7</shares></cputune>", "cputune/shares" },
    { "quota", "<cputune><quota>5000</quota></cputune>", "cputune/quota" },
    { "period", "<cputune><period>5000</period></cputune>", "cputune/quota" },
    { "quota-of-none", "<cputune><quota>-1</quota></cputune>", NULL },
    { "hard-limit-of-none",
      "<memtune><hard_limit unit='KiB'>9007199254740991</hard_limit></memtune>", NULL },
    { "device-of-none", "<blkiotune><device><path>/dev/null</path></device></blkiotune>", NULL },
    { "device-weight",
      "<blkiotune><device><path>/dev/null</path><weight>200</weight></device></blkiotune>",
      "blkiotune/device" },
    { "processors", "<vcpu cpuset='0'>1</vcpu>", "vcpu/@cpuset" },
    { "weight", "<blkiotune><weight>7</weight></blkiotune>", "blkiotune/weight" },
};

static void test_asked(const void *row)
{
    const __typeof__(asked[0]) *c = row;
    g_autoptr(Domain) domain = make(c->xml, NULL);

    g_assert_cmpstr(limit_asked(domain), ==, c->asked);
}

#define TUNE(kind, inner) "<" kind "tune>" inner "</" kind "tune>"
#define DEVICE(inner) TUNE("blkio", "<device><path>/dev/null</path>" inner "</device>")

static const struct {
    const char *name, *xml;
    const char *file, *before;
    const char *new, *used; /* what is in the file when the limits of a group have been set */
} written[] = {
    { "memory", "", "memory.max", "", "67108864", "67108864" },
    { "hard-limit", TUNE("mem", "<hard_limit>1024</hard_limit>"), "memory.max", "", "1048576",
      "1048576" },
    { "no-hard-limit", TUNE("mem", "<hard_limit>9007199254740991</hard_limit>"), "memory.max", "",
      "", "max" },
    { "soft-limit", "", "memory.high", "", "", "max" },
    { "swap", TUNE("mem", "<swap_hard_limit unit='KiB'>65537</swap_hard_limit>"), "memory.swap.max",
      "", "1024", "1024" },
    { "shares", "", "cpu.weight", "", "", "100" },
    { "quota", TUNE("cpu", "<quota>5000</quota>"), "cpu.max", "", "5000 100000", "5000 100000" },
    { "no-quota", TUNE("cpu", "<quota>-1</quota>"), "cpu.max", "", "", "max 100000" },
    { "period", TUNE("cpu", "<period>5000</period>"), "cpu.max", "", "max 5000", "max 5000" },
    { "processors", "<vcpu cpuset='1-2,5'>1</vcpu>", "cpuset.cpus", "", "1-2,5", "1-2,5" },
    { "weight", "", "io.weight", "", "", "default 100" },
    { "device-weight", DEVICE("<weight>200</weight>"), "io.bfq.weight", "", "/dev/null 200",
      "/dev/null 200" },
    { "device-weight-of-none", DEVICE(""), "io.weight", "default 100\n/dev/null 9",
      "default 100\n/dev/null 9", "/dev/null default" },
    { "other-device", DEVICE(""), "io.weight", "default 100\n/dev/nullx 9",
      "default 100\n/dev/nullx 9", "default 100\n/dev/nullx 9" },
    { "device-limit", DEVICE("<read_iops_sec>7</read_iops_sec>"), "io.max", "",
      "/dev/null rbps=max wbps=max riops=7 wiops=max",
      "/dev/null rbps=max wbps=max riops=7 wiops=max" },
    { "device-limit-of-none", DEVICE(""), "io.max", "/dev/null riops=7", "/dev/null riops=7",
      "/dev/null rbps=max wbps=max riops=max wiops=max" },
};

static void check_written(const Domain *domain, const __typeof__(written[0]) *c, const char *after,
                          bool (*set)(const Domain *, const char *, GError **))
{
    g_autoptr(Scratch) group = scratch_new();
    g_autofree char *path = g_build_filename(group, c->file, NULL), *text = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(path, c->before, -1, NULL));
    g_assert_true(set(domain, group, &error));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    if (*c->before) /* what the kernel's files do not do: keep the rest */
        text[MIN(strlen(text), strlen(after))] = '\0';
    g_assert_cmpstr(text, ==, after);
}

static void test_written(const void *row)
{
    const __typeof__(written[0]) *c = row;
    g_autoptr(Domain) domain = make(c->xml, NULL);

    check_written(domain, c, c->new, limit_begin);
    check_written(domain, c, c->used, limit_apply);
}

static void test_refused_limit(void)
{
    g_autoptr(Scratch) group = scratch_new();
    g_autoptr(Domain) domain = make(TUNE("cpu", "<shares>7</shares>"), NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(limit_begin(domain, group, &error));
    g_assert_cmpint(error_code(error), ==, ERR_CONFIG_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "'cputune/shares' is not supported"));
}

/* ---- counters ---- */

static const struct {
    const char *name, *text, *device;
    uint64_t figures[USAGE_BLOCK_FIGURES]; /* requests and bytes read, the same written */
} counters[] = {
    { "nothing", "", NULL, { 0, 0, 0, 0 } },
    { "one", "1:3 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n", NULL, { 3, 1, 4, 2 } },
    { "all",
      "1:3 rbytes=1 wbytes=2 rios=3 wios=4\n8:0 rbytes=10 wbytes=20 rios=30 wios=40\n",
      NULL,
      { 33, 11, 44, 22 } },
    { "of-one",
      "11:3 rbytes=9 rios=9\n1:3 rbytes=1 wbytes=2 rios=3 wios=4\n1:30 rbytes=9\n",
      "/dev/null",
      { 3, 1, 4, 2 } },
    { "without-figures", "1:3 \n7:0 7:1 1:3 rbytes=1\n", "/dev/null", { 0, 0, 0, 0 } },
};

static void test_counters(const void *row)
{
    const __typeof__(counters[0]) *c = row;
    g_autoptr(Scratch) group = scratch_new();
    g_autofree char *path = g_build_filename(group, "io.stat", NULL);
    const Container container = { .group = group };
    uint64_t figures[USAGE_BLOCK_FIGURES] = {};
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(path, c->text, -1, NULL));
    g_assert_true(usage_block(&container, c->device, figures, &error));
    g_assert_cmpmem(figures, sizeof(figures), c->figures, sizeof(c->figures));
    g_assert_false(usage_block(&(Container){}, c->device, figures, &error));
    g_assert_cmpint(error_code(error), ==, ERR_OPERATION_UNSUPPORTED);
}

/* ---- the plan ---- */

static const PlanStep *next(const PlanStep *step)
{
    return (const PlanStep *) ((const char *) step + sizeof(*step) + ((step->size + 7) & ~7u));
}

static void test_plan(void)
{
    g_autoptr(GByteArray) plan = g_byte_array_new();
    const PlanStep *step;

    PLAN(plan, PLAN_BIND, PLAN_IS_READONLY, "/one", "/two words");
    PLAN_NUMBERS(plan, PLAN_CAPS, 7, 9);
    plan_blob(plan, PLAN_SECCOMP, "123", 3);
    g_assert_cmpint(plan_file(plan, NULL), >=, 0);
    step = (const PlanStep *) (const void *) plan->data;
    g_assert_cmpint(step->kind, ==, PLAN_BIND);
    g_assert_cmpint(step->flags, ==, PLAN_IS_READONLY);
    g_assert_cmpmem(step + 1, step->size, "/one\0/two words", 16);
    step = next(step);
    g_assert_true(step->kind == PLAN_CAPS && step->a == 7 && step->b == 9 && step->size == 0);
    step = next(step);
    g_assert_cmpmem(step + 1, step->size, "123", 3);
    g_assert_cmpint(next(step)->kind, ==, PLAN_END);
}

static const struct {
    const char *name, *xml, *refusal; /* NULL: there is a plan */
} roots[] = {
    { "none", "", NULL },
    { "directory", FS("", "dir='/'", "/"), NULL },
    { "no-directory", FS("", "dir='/etc/passwd'", "/"), "'/etc/passwd' is not a directory" },
    { "missing", FS("", "dir='/no/where'", "/"), "/no/where" },
    { "memory", FS("type='ram'", "usage='10'", "/"), "cannot be empty memory" },
    { "no-image", FS("type='file'", "file='/etc/passwd'", "/"), "no file system that is known" },
    { "no-device", FS("type='block'", "dev='/dev/null'", "/"), "no file system that is known" },
};

static void test_root(const void *row)
{
    const __typeof__(roots[0]) *c = row;
    g_autoptr(GByteArray) plan = g_byte_array_new();
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(Domain) domain = make(c->xml, NULL);
    g_autoptr(GError) error = NULL;
    const ImageRun run = { "/run", fds };
    bool planned = rootfs_plan(plan, domain, &run, &error);

    g_assert_cmpint(planned, ==, !c->refusal);
    if (c->refusal)
        g_assert_nonnull(strstr(error->message, c->refusal));
}

/* ---- the corpus ---- */

static char *read_case(const char *name, const char *suffix)
{
    g_autofree char *path = g_strdup_printf("%s/%s.%s.xml", CORPUS, name, suffix);
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void test_corpus(const void *name)
{
    g_autofree char *input = read_case(name, "in"), *expected = read_case(name, "out");
    g_autoptr(GError) error = NULL;
    g_autoptr(Domain) domain = domain_parse(input, 0, NULL, &error);
    g_autofree char *output = NULL, *difference = NULL;
    g_autoptr(xmlDoc) ours = NULL, theirs = NULL;

    g_assert_no_error(error);
    g_assert_true(container_complete(domain, &error));
    output = domain_format(domain, 0);
    ours = document_read(output, NULL);
    theirs = document_read(expected, NULL);
    difference = agree(xmlDocGetRootElement(ours), xmlDocGetRootElement(theirs), input);
    g_assert_cmpstr(difference, ==, NULL);
}

static void add_corpus(void)
{
    static const char *const names[] = { "lxc-002", "lxc-004", "lxc-006" };

    for (size_t i = 0; i < G_N_ELEMENTS(names) && access(CORPUS, F_OK) == 0; i++) {
        g_autofree char *path = g_strdup_printf("/container/corpus/%s", names[i]);

        g_test_add_data_func(path, names[i], test_corpus);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("container/definition", definitions, test_definition);
    ADD_CASES("container/rights", rights, test_rights);
    g_test_add_func("/container/every-capability", test_every_capability);
    g_test_add_func("/container/filters", test_filters);
    ADD_CASES("container/limit", asked, test_asked);
    ADD_CASES("container/written", written, test_written);
    g_test_add_func("/container/refused-limit", test_refused_limit);
    ADD_CASES("container/counters", counters, test_counters);
    g_test_add_func("/container/plan", test_plan);
    ADD_CASES("container/root", roots, test_root);
    add_corpus();
    return g_test_run();
}
