/* test-device.c - rows of a table, and what they become; names, buses, places in the boot order */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "alias.h"
#include "device.h"

#include <string.h>

/* ---- the builder ---- */

static const char *const colours[] = { NULL, "red", "green", NULL };

typedef struct Inner {
    Switch state;
} Inner;

typedef struct Thing {
    DeviceInfo info;
    char *text;
    unsigned number;
    uint64_t large;
    Optional optional;
    bool flag;
    Switch on, off, word;
    int colour;
    unsigned thread;
    Inner inner;
} Thing;

// clang-format off
static const Property inner_rows[] = {
    SWITCH("inner", Inner, state),
    {},
};
static const Property rows[] = {
    MEMBER("text", Thing, text),
    MEMBER("number", Thing, number),
    MEMBER("in-mib", Thing, number, .unit = 1024),
    MEMBER("large", Thing, large),
    MEMBER("optional", Thing, optional),
    MEMBER("flag", Thing, flag),
    SWITCH("on", Thing, on),
    SWITCH("off", Thing, off),
    ON_OFF("word", Thing, word),
    NAME("colour", Thing, colour, colours),
    ALIAS("backend", Thing, "char"),
    FIXED("fixed", "same"),
    ROW("thread", Thing, thread, encode_iothread),
    PART(Thing, inner, inner_rows),
    PART(Thing, info, info_properties),
    {},
};
static const Property needy_rows[] = {
    MEMBER("text", Thing, text, .needs = CAP_SANDBOX),
    {},
};
// clang-format on
static const Device thing_device = { "thing", rows };
static const Device needy_device = { "needy", needy_rows };
static const Device rare_device = { "rare", needy_rows, CAP_SANDBOX };

static void expect(const Device *device, const Thing *thing, const char *text)
{
    g_autoptr(Json) want = json_parse(text, strlen(text), NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) got = device_json(device, thing, &(Domain){}, &(Caps){}, &error);

    g_assert_no_error(error);
    if (!json_object_equal(got, want))
        g_error("%s, not %s", json_object_to_json_string(got), text);
}

static void test_rows(void)
{
    expect(&thing_device,
           &(Thing){
               .info = { .alias = "thing0",
                         .boot_order = 3,
                         .rom_bar = SWITCH_OFF,
                         .rom_file = "/card.rom",
                         .acpi_index = 7 },
               .text = "a,\"b",
               .number = 2048,
               .large = UINT64_MAX,
               .optional = optional(0),
               .flag = true,
               .on = SWITCH_ON,
               .off = SWITCH_OFF,
               .word = SWITCH_OFF,
               .colour = 2,
               .thread = 4,
               .inner.state = SWITCH_ON,
           },
           "{\"driver\":\"thing\",\"text\":\"a,\\\"b\",\"number\":2048,\"in-mib\":2,"
           "\"large\":18446744073709551615,\"optional\":0,\"flag\":true,\"on\":true,"
           "\"off\":false,\"word\":\"off\",\"colour\":\"green\",\"backend\":\"charthing0\","
           "\"fixed\":\"same\",\"thread\":\"iothread4\",\"inner\":true,\"id\":\"thing0\","
           "\"bootindex\":3,\"rombar\":0,\"romfile\":\"/card.rom\",\"acpi-index\":7}");
}

static void test_absent(void)
{
    expect(&thing_device, &(Thing){ .info.alias = "a" },
           "{\"driver\":\"thing\",\"backend\":\"chara\",\"fixed\":\"same\",\"id\":\"a\"}");
    expect(&needy_device, &(Thing){ 0 }, "{\"driver\":\"needy\"}");
}

static void test_no_firmware(void)
{
    expect(&thing_device,
           &(Thing){ .info = { .alias = "a", .rom_enabled = SWITCH_OFF, .rom_file = "/x" } },
           "{\"driver\":\"thing\",\"backend\":\"chara\",\"fixed\":\"same\",\"id\":\"a\","
           "\"romfile\":\"\"}");
}

static void test_needs(void)
{
    const Thing thing = { .text = "x" };
    g_autoptr(GError) row = NULL, device = NULL;

    g_assert_null(device_json(&needy_device, &thing, &(Domain){}, &(Caps){}, &row));
    g_assert_error(row, ERR_DOMAIN, ERR_CONFIG_UNSUPPORTED);
    g_assert_nonnull(strstr(row->message, "'text'"));
    g_assert_null(device_json(&rare_device, &thing, &(Domain){}, &(Caps){}, &device));
    g_assert_error(device, ERR_DOMAIN, ERR_CONFIG_UNSUPPORTED);
    g_assert_nonnull(strstr(device->message, "'rare'"));
}

static void test_extras(void)
{
    const Extra fine[] = { { true, "inner", "a" }, { true, "bus", "b" }, { false, "no", "c" } };
    const Extra surplus[] = { { true, "no", "driver/@no" } };
    g_autoptr(GError) error = NULL;

    g_assert_true(device_takes(&thing_device, fine, G_N_ELEMENTS(fine), NULL));
    g_assert_false(device_takes(&thing_device, surplus, 1, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_CONFIG_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "'driver/@no'"));
}

static void test_models(void)
{
    static const Device table[] = { [2] = { "two", rows } };

    g_assert_true(DEVICE_OF(table, 2) == &table[2]);
    g_assert_null(DEVICE_OF(table, 0));
    g_assert_null(DEVICE_OF(table, 3));
}

/* ---- guests ---- */

#define GUEST(machine, os, devices)                                                    \
    "<domain type='qemu'><name>g</name><memory>131072</memory><os>"                    \
    "<type arch='x86_64' machine='" machine "'>hvm</type>" os "</os><devices>" devices \
    "</devices></domain>"
#define PC "pc-i440fx-7.2"
#define Q35 "pc-q35-7.2"

static Domain *guest(const char *xml)
{
    g_autoptr(GError) error = NULL;
    Domain *domain = domain_parse(xml, 0, NULL, &error);

    g_assert_no_error(error);
    alias_assign(domain);
    return domain;
}

static const struct {
    const char *name, *xml;
    ControllerType type;
    unsigned index, which;
    const char *bus;
} buses[] = {
    { "pci-root", GUEST(PC, "", "<controller type='pci' index='0' model='pci-root'/>"),
      CONTROLLER_PCI, 0, 0, "pci.0" },
    { "pcie-root", GUEST(Q35, "", "<controller type='pci' index='0' model='pcie-root'/>"),
      CONTROLLER_PCI, 0, 0, "pcie.0" },
    { "pci-further", GUEST(PC, "", "<controller type='pci' index='2' model='pci-bridge'/>"),
      CONTROLLER_PCI, 2, 0, "pci.2" },
    { "pci-named",
      GUEST(PC, "",
            "<controller type='pci' index='2' model='pci-bridge'><alias name='ua-x'/>"
            "</controller>"),
      CONTROLLER_PCI, 2, 0, "ua-x" },
    { "usb-first", GUEST(PC, "", "<controller type='usb' index='0'/>"), CONTROLLER_USB, 0, 0,
      "usb.0" },
    { "usb-second", GUEST(PC, "", "<controller type='usb' index='1'/>"), CONTROLLER_USB, 1, 0,
      "usb1.0" },
    { "ide-of-the-machine", GUEST(PC, "", "<controller type='ide' index='0'/>"), CONTROLLER_IDE, 0,
      1, "ide.1" },
    { "sata-of-the-machine",
      GUEST(Q35, "", "<controller type='sata' index='0'><alias name='ua-x'/></controller>"),
      CONTROLLER_SATA, 0, 4, "ide.4" },
    { "sata-added", GUEST(PC, "", "<controller type='sata' index='0'/>"), CONTROLLER_SATA, 0, 4,
      "sata0.4" },
    { "scsi", GUEST(PC, "", "<controller type='scsi' index='3'/>"), CONTROLLER_SCSI, 3, 0,
      "scsi3.0" },
    { "unknown", GUEST(PC, "", ""), CONTROLLER_SCSI, 3, 0, "scsi3.0" },
};

static void test_bus(const void *row)
{
    const __typeof__(buses[0]) *c = row;
    g_autoptr(Domain) domain = guest(c->xml);
    g_autofree char *bus = controller_bus(domain, c->type, c->index, c->which);

    g_assert_cmpstr(bus, ==, c->bus);
}

#define DISKS                                                                                    \
    "<disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/></disk>" \
    "<disk type='file' device='disk'><source file='/b'/><target dev='vdb' bus='virtio'/></disk>" \
    "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/></disk>"                      \
    "<disk type='file' device='floppy'><target dev='fda' bus='fdc'/></disk>"

/* Only the first device of its kind has a place. */
static void test_boot_order(void)
{
    g_autoptr(Domain) domain =
        guest(GUEST(PC, "<boot dev='network'/><boot dev='fd'/><boot dev='hd'/><boot dev='cdrom'/>",
                    DISKS "<interface type='user'/><interface type='user'/>"));
    g_autoptr(GString) places = g_string_new(NULL);

    for (LIST_EACH(Disk, disk, domain->disks))
        g_string_append_printf(places, "%s=%u ", disk->target, boot_index(domain, &disk->info));
    for (LIST_EACH(Iface, iface, domain->interfaces))
        g_string_append_printf(places, "%u ", boot_index(domain, &iface->info));
    g_assert_nonnull(strstr(places->str, "vda=3 "));
    g_assert_nonnull(strstr(places->str, "vdb=0 "));
    g_assert_nonnull(strstr(places->str, "hdc=4 "));
    g_assert_nonnull(strstr(places->str, "fda=2 "));
    g_assert_true(g_str_has_suffix(places->str, " 1 0 "));
}

static char *aliases(GPtrArray *devices)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (LIST_EACH(DeviceInfo, device, devices))
        g_string_append_printf(text, "%s ", device->alias);
    return g_strchomp(g_string_free(g_steal_pointer(&text), false));
}

/* A name that is taken is given to nobody else, and one that is there stays. */
static void test_aliases(void)
{
    g_autoptr(Domain) domain = guest(
        GUEST(PC, "",
              "<interface type='user'><alias name='ua-n'/></interface><interface type='user'/>"
              "<serial type='null'><alias name='ua-s'/></serial><serial type='null'/>"
              "<rng model='virtio'><backend model='builtin'/></rng>"));
    g_autofree char *nets = aliases(domain->interfaces), *serials = aliases(domain->serials);
    g_autofree char *again = NULL;

    g_assert_cmpstr(nets, ==, "ua-n net0");
    g_assert_cmpstr(serials, ==, "ua-s serial1");
    serial_free(g_ptr_array_remove_index(domain->serials, 0));
    list_add(&domain->serials, g_new0(Serial, 1));
    alias_assign(domain);
    again = aliases(domain->serials);
    g_assert_cmpstr(again, ==, "serial1 serial2");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/device/rows", test_rows);
    g_test_add_func("/device/absent", test_absent);
    g_test_add_func("/device/no-firmware", test_no_firmware);
    g_test_add_func("/device/needs", test_needs);
    g_test_add_func("/device/extras", test_extras);
    g_test_add_func("/device/models", test_models);
    ADD_CASES("device/bus", buses, test_bus);
    g_test_add_func("/device/boot-order", test_boot_order);
    g_test_add_func("/device/aliases", test_aliases);
    return g_test_run();
}
