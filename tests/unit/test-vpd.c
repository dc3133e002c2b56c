/* test-vpd.c - product data of PCI cards: what is told of it, and that no bytes do harm */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "model/list.h"
#include "vpd.h"

#include <string.h>

/* A whole one: a name, read-only fields with their checksum, fields that can be written. */
static const char whole[] = "\x82\x06\x00"
                            "A card"
                            "\x90\x0f\x00"
                            "PN\x03"
                            "7-x"
                            "SN\x02"
                            "42"
                            "RV\x01#"
                            "\x91\x09\x00"
                            "YA\x02"
                            "ok"
                            "RW\x01\0"
                            "\x78";
enum { SIZE = sizeof(whole) - 1, CHECKSUM_AT = 9 + 3 + 6 + 5 + 3 };

typedef struct Bytes {
    uint8_t bytes[SIZE];
} Bytes;

/* With the checksum that it should have. */
static Bytes good(void)
{
    Bytes b;
    uint8_t sum = 0;

    memcpy(b.bytes, whole, SIZE);
    for (size_t i = 0; i < CHECKSUM_AT; i++)
        sum += b.bytes[i];
    b.bytes[CHECKSUM_AT] = -sum;
    return b;
}

static NodeCapability *parse(const void *bytes, size_t size)
{
    NodeCapability *pci = g_new0(NodeCapability, 1);

    vpd_parse(bytes, size, pci);
    return pci;
}

static void forget(NodeCapability *pci)
{
    if (pci->features) {
        for (LIST_EACH(NodeFeature, feature, pci->features))
            node_feature_free(feature);
        g_ptr_array_unref(pci->features);
    }
    g_free(pci);
}

static void test_whole(void)
{
    Bytes b = good();
    NodeCapability *pci = parse(b.bytes, SIZE);
    const NodeFeature *vpd = node_find_feature(pci, NODE_VPD);
    const NodeVpdFields *fields;

    g_assert_nonnull(vpd);
    g_assert_cmpstr(vpd->vpd_name, ==, "A card");
    g_assert_cmpuint(list_length(vpd->vpd), ==, 2);
    fields = vpd->vpd->pdata[0];
    g_assert_cmpstr(fields->part_number, ==, "7-x");
    g_assert_cmpstr(fields->serial_number, ==, "42");
    fields = vpd->vpd->pdata[1];
    g_assert_cmpstr(fields->asset_tag, ==, "ok");
    forget(pci);
}

static void test_broken(void)
{
    Bytes b = good();

    b.bytes[CHECKSUM_AT]++;
    for (size_t size = 1; size <= SIZE; size++) { /* cut anywhere, or with a wrong sum */
        g_autofree uint8_t *part = g_memdup2(b.bytes, size);
        NodeCapability *pci = parse(part, size);

        g_assert_null(pci->features);
        forget(pci);
    }
}

/* Whole ones with some bytes changed reach further than pure noise. */
static void test_noise(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);

    for (int round = 0; round < 200000; round++) {
        Bytes b = good();

        for (int i = g_rand_int_range(random, 1, 6); i > 0; i--)
            b.bytes[g_rand_int_range(random, 0, SIZE)] = g_rand_int(random);
        forget(parse(b.bytes, SIZE));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vpd/whole", test_whole);
    g_test_add_func("/vpd/broken", test_broken);
    g_test_add_func("/vpd/noise", test_noise);
    return g_test_run();
}
