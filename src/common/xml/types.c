/* types.c - the kinds of values; a new kind is a few functions */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/names.h"
#include "base/size.h"
#include "xml/plan.h"
#include "xml/writer.h"

#include <string.h>

const char *const xml_on_off[] = { NULL, "on", "off", NULL };
const char *const xml_yes_no[] = { NULL, "yes", "no", NULL };

/* The text between blanks around it, as a copy that ends with the scope. */
#define TRIMMED(text) g_autofree char *trimmed = g_strstrip(g_strdup(text))

/* ---- text ---- */

static bool string_parse(const XmlInput *input, void *slot)
{
    *(char **) slot = g_strdup(input->text);
    return true;
}

static bool pointer_present(const void *slot, const XmlField *)
{
    return *(void *const *) slot != NULL;
}

static bool row_is_attribute(const XmlField *row)
{
    return row->path[0] == '@' || strstr(row->path, "/@");
}

static void string_write(GString *out, const void *slot, const XmlField *row)
{
    write_escaped(out, *(char *const *) slot, row_is_attribute(row));
}

static void string_copy(void *slot, const XmlField *)
{
    *(char **) slot = g_strdup(*(char **) slot);
}

static void string_clear(void *slot, const XmlField *) { g_clear_pointer((char **) slot, g_free); }

static bool string_equal(const void *a, const void *b)
{
    return g_strcmp0(*(char *const *) a, *(char *const *) b) == 0;
}

const XmlType xml_string = { .size = sizeof(char *),
                             .parse = string_parse,
                             .present = pointer_present,
                             .write = string_write,
                             .copy = string_copy,
                             .clear = string_clear,
                             .equal = string_equal };

static bool word_parse(const XmlInput *input, void *slot)
{
    return names_find(input->field->detail, input->text) > 0 && string_parse(input, slot);
}

const XmlType xml_word = { .size = sizeof(char *),
                           .parse = word_parse,
                           .present = pointer_present,
                           .write = string_write,
                           .copy = string_copy,
                           .clear = string_clear,
                           .equal = string_equal };

static void raw_write(GString *out, const void *slot, const XmlField *)
{
    g_string_append(out, *(char *const *) slot);
}

const XmlType xml_raw = { .size = sizeof(char *),
                          .parse = string_parse,
                          .present = pointer_present,
                          .write = raw_write,
                          .copy = string_copy,
                          .clear = string_clear,
                          .equal = string_equal };

/* ---- numbers ---- */

/* Rows with digits to pad are numbers as C writes them; all others are decimal. */
static bool read_signed(const XmlInput *input, int64_t least, int64_t most, int64_t *value)
{
    TRIMMED(input->text);
    char *end;
    const XmlField *row = input->field;

    errno = 0;
    *value = g_ascii_strtoll(trimmed, &end, row->hex ? 0 : 10);
    if (row->min)
        least = row->min;
    if (row->max)
        most = row->max;
    return !errno && end != trimmed && !*end && *value >= least && *value <= most;
}

static bool read_unsigned(const XmlInput *input, uint64_t most, uint64_t *value)
{
    TRIMMED(input->text);
    char *end;
    const XmlField *row = input->field;

    errno = 0;
    *value = g_ascii_strtoull(trimmed, &end, row->hex ? 0 : 10);
    if (row->max)
        most = row->max;
    return !errno && g_ascii_isdigit(*trimmed) && !*end && *value <= most &&
           (!row->min || *value >= (uint64_t) row->min);
}

static void write_number(GString *out, int64_t value, bool is_unsigned, const XmlField *row)
{
    if (row->hex && (is_unsigned || value >= 0))
        g_string_append_printf(out, "0x%0*" G_GINT64_MODIFIER "x", row->hex, value);
    else if (is_unsigned)
        write_unsigned(out, value);
    else
        write_signed(out, value);
}

#define NUMBER(name, ctype, is_unsigned, read)                                    \
    static bool name##_parse(const XmlInput *input, void *slot) { return read; }  \
    static bool name##_present(const void *slot, const XmlField *row)             \
    {                                                                             \
        return *(const ctype *) slot || row->always;                              \
    }                                                                             \
    static void name##_write(GString *out, const void *slot, const XmlField *row) \
    {                                                                             \
        write_number(out, *(const ctype *) slot, is_unsigned, row);               \
    }                                                                             \
    const XmlType xml_##name = { .size = sizeof(ctype),                           \
                                 .parse = name##_parse,                           \
                                 .present = name##_present,                       \
                                 .write = name##_write }

static bool store_unsigned(const XmlInput *input, void *slot, size_t size, uint64_t most)
{
    uint64_t value;

    if (!read_unsigned(input, most, &value))
        return false;
    if (size == 1)
        *(uint8_t *) slot = value;
    else if (size == sizeof(unsigned))
        *(unsigned *) slot = value;
    else
        *(uint64_t *) slot = value;
    return true;
}

static bool store_signed(const XmlInput *input, void *slot, size_t size, int64_t least,
                         int64_t most)
{
    int64_t value;

    if (!read_signed(input, least, most, &value))
        return false;
    if (size == sizeof(int))
        *(int *) slot = value;
    else
        *(int64_t *) slot = value;
    return true;
}

NUMBER(u8, uint8_t, true, store_unsigned(input, slot, 1, UINT8_MAX));
NUMBER(uint, unsigned, true, store_unsigned(input, slot, sizeof(unsigned), UINT_MAX));
NUMBER(u64, uint64_t, true, store_unsigned(input, slot, 8, UINT64_MAX));
NUMBER(int, int, false, store_signed(input, slot, sizeof(int), INT_MIN, INT_MAX));
NUMBER(i64, int64_t, false, store_signed(input, slot, 8, INT64_MIN, INT64_MAX));

/* Not negative unless the row has a minimum that is. */
static bool optional_parse(const XmlInput *input, void *slot)
{
    Optional *optional = slot;

    return optional->given = read_signed(input, 0, INT64_MAX, &optional->value);
}

static bool optional_present(const void *slot, const XmlField *)
{
    return ((const Optional *) slot)->given;
}

static void optional_write(GString *out, const void *slot, const XmlField *row)
{
    write_number(out, ((const Optional *) slot)->value, false, row);
}

static bool optional_equal(const void *a, const void *b)
{
    const Optional *one = a, *other = b;

    return one->given == other->given && (!one->given || one->value == other->value);
}

const XmlType xml_optional = { .size = sizeof(Optional),
                               .parse = optional_parse,
                               .present = optional_present,
                               .write = optional_write,
                               .equal = optional_equal };

/* ---- sizes ---- */

static bool size_parse(const XmlInput *input, void *slot)
{
    uint64_t value, unit = input->field->unit;

    if (!read_unsigned(input, UINT64_MAX, &value))
        return false;
    if (input->unit ? !size_scale(&value, input->unit)
                    : __builtin_mul_overflow(value, unit, &value))
        return false;
    *(uint64_t *) slot = value / unit + (value % unit != 0);
    return true;
}

const XmlType xml_size = {
    .size = 8, .parse = size_parse, .present = u64_present, .write = u64_write
};

static bool unit_parse(const XmlInput *, void *) { return true; }

static void unit_write(GString *out, const void *, const XmlField *row)
{
    const char *name = row->unit == 1 ? "bytes" : row->unit == 1024 ? "KiB" : "MiB";

    g_string_append(out, row->unit_name ? row->unit_name : name);
}

const XmlType xml_unit = {
    .size = 8, .parse = unit_parse, .present = u64_present, .write = unit_write
};

/* ---- names ---- */

static bool enum_parse(const XmlInput *input, void *slot)
{
    TRIMMED(input->text);
    int value = names_find(input->field->detail, trimmed);

    if (value < 0)
        return false;
    *(int *) slot = value;
    return true;
}

static bool enum_present(const void *slot, const XmlField *row)
{
    const char *const *names = row->detail;

    return names[*(const int *) slot] != NULL;
}

static void enum_write(GString *out, const void *slot, const XmlField *row)
{
    g_string_append(out, ((const char *const *) row->detail)[*(const int *) slot]);
}

const XmlType xml_enum = {
    .size = sizeof(int), .parse = enum_parse, .present = enum_present, .write = enum_write
};

static bool flag_parse(const XmlInput *, void *slot) { return *(bool *) slot = true; }

static bool flag_present(const void *slot, const XmlField *) { return *(const bool *) slot; }

static void flag_write(GString *, const void *, const XmlField *) {}

const XmlType xml_flag = { .size = sizeof(bool),
                           .takes_blank = true,
                           .parse = flag_parse,
                           .present = flag_present,
                           .write = flag_write };

/* ---- identities and sets ---- */

static bool uuid_read(const XmlInput *input, void *slot) { return uuid_parse(input->text, slot); }

static bool uuid_present(const void *slot, const XmlField *) { return !uuid_is_zero(slot); }

static void uuid_write(GString *out, const void *slot, const XmlField *)
{
    char text[UUID_TEXT];

    g_string_append(out, uuid_print(slot, text));
}

const XmlType xml_uuid = {
    .size = sizeof(Uuid), .parse = uuid_read, .present = uuid_present, .write = uuid_write
};

static bool mac_read(const XmlInput *input, void *slot) { return mac_parse(input->text, slot); }

static bool mac_present(const void *slot, const XmlField *) { return !mac_is_zero(slot); }

static void mac_write(GString *out, const void *slot, const XmlField *)
{
    char text[MAC_TEXT];

    g_string_append(out, mac_print(slot, text));
}

const XmlType xml_mac = {
    .size = sizeof(Mac), .parse = mac_read, .present = mac_present, .write = mac_write
};

static bool bitmap_read(const XmlInput *input, void *slot)
{
    g_autoptr(Bitmap) map = bitmap_parse(input->text);

    if (!map || bitmap_is_empty(map))
        return false;
    *(Bitmap **) slot = g_steal_pointer(&map);
    return true;
}

static void bitmap_write(GString *out, const void *slot, const XmlField *)
{
    g_autofree char *text = bitmap_print(*(Bitmap *const *) slot);

    g_string_append(out, text);
}

static void bitmap_copy(void *slot, const XmlField *)
{
    *(Bitmap **) slot = g_memdup2(*(Bitmap **) slot, sizeof(Bitmap));
}

static void bitmap_clear(void *slot, const XmlField *)
{
    g_clear_pointer((Bitmap **) slot, bitmap_free);
}

static bool bitmap_equal(const void *a, const void *b)
{
    const Bitmap *one = *(Bitmap *const *) a, *other = *(Bitmap *const *) b;

    return one && other ? memcmp(one, other, sizeof(*one)) == 0 : one == other;
}

const XmlType xml_bitmap = { .size = sizeof(Bitmap *),
                             .parse = bitmap_read,
                             .present = pointer_present,
                             .write = bitmap_write,
                             .copy = bitmap_copy,
                             .clear = bitmap_clear,
                             .equal = bitmap_equal };

/* ---- elements with a table of their own: the walks handle all but this ---- */

static void child_copy(void *slot, const XmlField *row)
{
    *(void **) slot = xml_copy((XmlElement *) row->detail, *(void **) slot);
}

static void child_clear(void *slot, const XmlField *row)
{
    xml_free((XmlElement *) row->detail, *(void **) slot);
    *(void **) slot = NULL;
}

const XmlType xml_child = {
    .size = sizeof(void *), .present = pointer_present, .copy = child_copy, .clear = child_clear
};

static bool list_present(const void *slot, const XmlField *)
{
    const GPtrArray *list = *(GPtrArray *const *) slot;

    return list && list->len;
}

static void list_copy(void *slot, const XmlField *row)
{
    GPtrArray *list = *(GPtrArray **) slot, *copy = g_ptr_array_sized_new(list->len);

    for (guint i = 0; i < list->len; i++)
        g_ptr_array_add(copy, xml_copy((XmlElement *) row->detail, list->pdata[i]));
    *(GPtrArray **) slot = copy;
}

static void list_clear(void *slot, const XmlField *row)
{
    g_autoptr(GPtrArray) list = g_steal_pointer((GPtrArray **) slot);

    for (guint i = 0; i < list->len; i++)
        xml_free((XmlElement *) row->detail, list->pdata[i]);
}

const XmlType xml_list = {
    .size = sizeof(GPtrArray *), .present = list_present, .copy = list_copy, .clear = list_clear
};

/* Known by their address. */
const XmlType xml_part, xml_unsupported;
