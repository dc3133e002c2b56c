/* test-model.c - every row of every table of a domain
 *
 * Walks the tables themselves: a struct is filled by the rows' own types, written, read, compared;
 * every name of every enum, every boundary of every number, every required row left out. What an
 * element says beyond its rows (finish) is not asked here. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/domain.h"
#include "xml/plan.h"

#include <string.h>

enum { ALL = XML_LIVE | XML_SECURE, DEPTH_LIMIT = 3, NAME_LIMIT = 64 };

/* ---- all elements ---- */

static GPtrArray *elements;

static void collect(XmlElement *element)
{
    if (g_ptr_array_find(elements, element, NULL))
        return;
    g_ptr_array_add(elements, element);
    element->finish = NULL;
    for (const XmlField *row = element->fields; row->path; row++) {
        if (field_is_nested(row) || row->type == &xml_part)
            collect((XmlElement *) row->detail);
    }
}

/* ---- a value for every kind ---- */

static const char *sample_of(const XmlField *row)
{
    const char *const *names = row->detail;

    if (row->type == &xml_enum || row->type == &xml_word)
        return names[0] ? names[0] : names[1];
    if (row->type == &xml_string)
        return "a <b> & 'c' \"d\" \xc3\xa4";
    if (row->type == &xml_raw)
        return "<x xmlns=\"urn:x\"/>";
    if (row->type == &xml_flag)
        return "";
    if (row->type == &xml_uuid)
        return "00010203-0405-0607-0809-0a0b0c0d0e0f";
    if (row->type == &xml_mac)
        return "52:54:00:01:02:03";
    if (row->type == &xml_bitmap)
        return "1-3,7";
    return NULL;
}

static bool is_number(const XmlField *row)
{
    return row->type == &xml_uint || row->type == &xml_int || row->type == &xml_u8 ||
           row->type == &xml_u64 || row->type == &xml_i64 || row->type == &xml_optional;
}

static void set_text(const PlanField *field, void *object, const char *text)
{
    XmlInput input = { .text = text, .field = &field->row, .flags = ALL };
    void *slot = slot_at(object, field->row.offset);

    if (field->row.type->clear && *(void **) slot)
        field->row.type->clear(slot, &field->row);
    if (!field->row.type->parse(&input, slot))
        g_error("'%s' is not accepted for '%s'", text, field->row.path);
}

static void *sample_object(XmlElement *element, unsigned depth, const unsigned *variants);

static void set_nested(const PlanField *field, void *object, unsigned depth)
{
    void *slot = slot_at(object, field->row.offset);
    XmlElement *element = (XmlElement *) field->row.detail;

    if (depth >= DEPTH_LIMIT && !field->row.required && !field->row.needed)
        return;
    if (field->row.type == &xml_child) {
        *(void **) slot = sample_object(element, depth + 1, NULL);
    } else {
        list_add(slot, sample_object(element, depth + 1, NULL));
        list_add(slot, sample_object(element, depth + 1, NULL));
    }
}

static void set_sample(const PlanField *field, void *object, unsigned depth)
{
    g_autofree char *number = NULL;

    if (field_is_nested(&field->row)) {
        set_nested(field, object, depth);
    } else if (is_number(&field->row) || field->row.type == &xml_size) {
        number = g_strdup_printf("%" G_GINT64_FORMAT, MAX(field->row.min, 1));
        set_text(field, object, number);
    } else {
        /* types that a table has for itself: a port of USB, a generation */
        const char *sample = sample_of(&field->row);

        set_text(field, object,
                 sample                                  ? sample
                 : field->row.type->size == sizeof(Uuid) ? "00010203-0405-0607-0809-0a0b0c0d0e0f"
                                                         : "1");
    }
}

/* ---- variants: the enums that rows depend on ---- */

static bool is_variant(const XmlPlan *plan, size_t offset)
{
    for (guint i = 0; i < plan->variants->len; i++) {
        if (((PlanNode *) plan->variants->pdata[i])->field->row.offset == offset)
            return true;
    }
    return false;
}

/* All rows that apply get a value, to some depth; those that the others depend on as told, by their
 * place in plan->variants. */
static void *sample_object(XmlElement *element, unsigned depth, const unsigned *variants)
{
    const XmlPlan *plan = plan_of(element);
    void *object = g_malloc0(element->size);

    for (guint i = 0; i < plan->variants->len; i++) {
        const PlanField *field = ((PlanNode *) plan->variants->pdata[i])->field;
        unsigned first = ((const char *const *) field->row.detail)[0] ? 0 : 1;

        if (field_applies(field, object))
            *(unsigned *) slot_at(object, field->row.offset) = variants ? variants[i] : first;
    }
    for (guint i = 0; i < plan->fields->len; i++) {
        const PlanField *field = plan->fields->pdata[i];

        if (field_applies(field, object) && !is_variant(plan, field->row.offset))
            set_sample(field, object, depth);
    }
    return object;
}

static unsigned name_count(const PlanField *field)
{
    const char *const *names = field->row.detail;
    unsigned count = 1;

    while (names[count])
        count++;
    return count;
}

/* ---- what is checked ---- */

static void expect_same(XmlElement *element, void *object, const char *what)
{
    g_autofree char *text = xml_format(element, object, ALL), *again = NULL, *difference = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    void *read, *copy = xml_copy(element, object);

    if (plan_of(element)->own_name) { /* cannot stand alone */
        xml_free(element, copy);
        return;
    }
    read = xml_parse(element, text, ALL, warnings, &error);
    if (!read)
        g_error("%s, %s: %s\n%s", element->name, what, error->message, text);
    difference = xml_compare(element, object, read);
    if (difference || warnings->len)
        g_error("%s, %s: %s\n%s", element->name, what,
                difference ? difference : (char *) warnings->pdata[0], text);
    difference = xml_compare(element, object, copy);
    g_assert_null(difference);
    again = xml_format(element, copy, ALL);
    g_assert_cmpstr(text, ==, again);
    xml_free(element, read);
    xml_free(element, copy);
}

static void check_names(XmlElement *element, void *object, const PlanField *field)
{
    const char *const *names = field->row.detail;

    for (unsigned value = names[0] ? 0 : 1; names[value]; value++) {
        set_text(field, object, names[value]);
        expect_same(element, object, names[value]);
    }
}

static bool accepts(const PlanField *field, const char *text)
{
    uint64_t room[8] = {};
    XmlInput input = { .text = text, .field = &field->row, .flags = ALL };

    return field->row.type->parse(&input, room);
}

static void check_number(XmlElement *element, void *object, const PlanField *field)
{
    const XmlField *row = &field->row;
    g_autofree char *least = g_strdup_printf("%" G_GINT64_FORMAT, row->min);
    g_autofree char *below = g_strdup_printf("%" G_GINT64_FORMAT, row->min - 1);
    g_autofree char *most = g_strdup_printf("%" G_GUINT64_FORMAT, row->max);
    g_autofree char *above = g_strdup_printf("%" G_GUINT64_FORMAT, row->max + 1);

    g_assert_false(accepts(field, ""));
    g_assert_false(accepts(field, "1x"));
    g_assert_false(accepts(field, "99999999999999999999999"));
    if (row->min) {
        g_assert_false(accepts(field, below));
        set_text(field, object, least);
        expect_same(element, object, row->path);
    }
    if (row->max) {
        g_assert_false(accepts(field, above));
        set_text(field, object, most);
        expect_same(element, object, row->path);
    }
}

static void clear_field(const PlanField *field, void *object)
{
    void *slot = slot_at(object, field->row.offset);

    if (field->row.type->clear && *(void **) slot)
        field->row.type->clear(slot, &field->row);
    memset(slot, 0, field->row.type->size);
}

static bool names_it(const GError *error, const XmlField *row)
{
    const char *leaf = strrchr(row->path, '/');

    return error->code == ERR_XML && strstr(error->message, leaf ? leaf + 1 : row->path);
}

/* Without the row the element is refused, and the row is named; one that is only needed where its
 * parent is may have been all that there was in it. */
static void check_missing(XmlElement *element, const void *full, const PlanField *field)
{
    const XmlField *row = &field->row;
    g_autoptr(GError) error = NULL;
    void *object = xml_copy(element, full), *read;
    g_autofree char *text = NULL;

    clear_field(field, object);
    text = xml_format(element, object, ALL);
    read = xml_parse(element, text, ALL, NULL, &error);
    if (read ? row->required && !row->type->present(slot_at(object, row->offset), row)
             : !names_it(error, row))
        g_error("%s without '%s': %s\n%s", element->name, row->path,
                error ? error->message : "no error", text);
    xml_free(element, read);
    xml_free(element, object);
}

static void check_fields(XmlElement *element, const void *full)
{
    const XmlPlan *plan = plan_of(element);

    for (guint i = 0; i < plan->fields->len; i++) {
        const PlanField *field = plan->fields->pdata[i];
        const XmlField *row = &field->row;
        void *object;

        if (!field_applies(field, full) || is_variant(plan, row->offset))
            continue;
        object = xml_copy(element, full);
        if (row->type == &xml_enum || row->type == &xml_word)
            check_names(element, object, field);
        else if (is_number(row))
            check_number(element, object, field);
        if (row->required || row->needed)
            check_missing(element, full, field);
        xml_free(element, object);
    }
}

/* ---- all variants of all elements ---- */

static void check_variant(XmlElement *element, const unsigned *variants)
{
    void *object = sample_object(element, 0, variants);
    void *flat = sample_object(element, DEPTH_LIMIT, variants);

    expect_same(element, object, "all rows");
    if (!plan_of(element)->own_name)
        check_fields(element, flat);
    xml_free(element, object);
    xml_free(element, flat);
}

static void check_variants(XmlElement *element, unsigned *variants, unsigned at)
{
    const XmlPlan *plan = plan_of(element);
    const PlanField *field;

    if (at == plan->variants->len) {
        check_variant(element, variants);
        return;
    }
    field = ((PlanNode *) plan->variants->pdata[at])->field;
    for (unsigned value = ((const char *const *) field->row.detail)[0] ? 0 : 1;
         value < name_count(field); value++) {
        variants[at] = value;
        check_variants(element, variants, at + 1);
    }
}

static void test_rows(const void *data)
{
    unsigned variants[4] = {};

    g_assert_cmpuint(plan_of((XmlElement *) data)->variants->len, <=, G_N_ELEMENTS(variants));
    check_variants((XmlElement *) data, variants, 0);
}

/* Any name that is in no table is told, with the name that is nearest. */
static void test_unknown(const void *data)
{
    XmlElement *element = (XmlElement *) data;
    void *object = sample_object(element, DEPTH_LIMIT, NULL);
    g_autofree char *text = xml_format(element, object, ALL);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) strange = g_string_new(text);
    size_t name = strcspn(text + 1, " />\n") + 1;
    void *read;

    g_string_insert(strange, name, " stranger='1'");
    read = xml_parse(element, strange->str, ALL, warnings, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(warnings->len, ==, 1);
    g_assert_nonnull(strstr(warnings->pdata[0], "unknown attribute 'stranger'"));
    g_assert_null(xml_parse(element, strange->str, ALL | XML_VALIDATE, NULL, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_XML_INVALID_SCHEMA);
    xml_free(element, object);
    xml_free(element, read);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    elements = g_ptr_array_new();
    collect(&domain_element);
    for (guint i = 0; i < elements->len; i++) {
        XmlElement *element = elements->pdata[i];
        g_autofree char *rows = g_strdup_printf("/rows/%u-%s", i, element->name);
        g_autofree char *unknown = g_strdup_printf("/unknown/%u-%s", i, element->name);

        g_test_add_data_func(rows, element, test_rows);
        if (!plan_of(element)->own_name)
            g_test_add_data_func(unknown, element, test_unknown);
    }
    return g_test_run();
}
