/* bind.h - one table per element: it parses, formats, checks, copies, compares and frees
 *
 * A field's path is relative to its element: "@bus" is an attribute, "serial" the text of a
 * child, "driver/iotune/@burst" an attribute further down, "." the element's own text. The order
 * of the rows is the order of output. Zero - NULL, 0, false - means absent, and an absent field
 * is not written. An element that holds nothing is not written either, but for members of lists
 * and XML_CHILD. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/bitmap.h"
#include "base/error.h"
#include "base/mac.h"
#include "base/slot.h"
#include "base/uuid.h"
#include "xml/value.h"

#include <string.h>

typedef struct XmlField XmlField;
typedef struct XmlElement XmlElement;

typedef enum XmlFlags {
    XML_LIVE = 1,     /* rows marked .live count, too */
    XML_SECURE = 2,   /* rows marked .secure are written */
    XML_VALIDATE = 4, /* a name that no table knows is refused */
} XmlFlags;

/* What a type's parse gets: the text (blanks around it are the type's business), the @unit
 * beside it if there is one. */
typedef struct XmlInput {
    const char *text;
    const char *unit;
    const XmlField *field;
    unsigned flags;
} XmlInput;

/* How one kind of value is read into its slot in the struct and written from it. */
typedef struct XmlType {
    size_t size;                                      /* of the slot */
    bool takes_blank;                                 /* an element without text is a value, too */
    bool (*parse)(const XmlInput *input, void *slot); /* false: no such value */
    bool (*present)(const void *slot, const XmlField *field);
    void (*write)(GString *out, const void *slot, const XmlField *field);
    /* Of what the slot points to; NULL when it points to nothing. copy() finds the pointer of the
     * original in the slot and puts that of the copy there. */
    void (*copy)(void *slot, const XmlField *field);
    void (*clear)(void *slot, const XmlField *field);
    bool (*equal)(const void *a, const void *b); /* NULL: when the bytes are */
} XmlType;

struct XmlField {
    const char *path;
    const XmlType *type;
    size_t offset;
    const void
        *detail;   /* of an enum or word, its names; of a child, list or part, its XmlElement */
    int64_t min;   /* of a signed number */
    uint64_t max;  /* of a number; 0: what the member can hold */
    uint64_t when; /* only in these variants of the element; 0: in all */
    uint32_t unit; /* of a size: how many bytes the member counts by; written as unit='...' */
    const char *unit_name; /* where it is not "bytes", "KiB" or "MiB" */
    uint8_t hex;           /* of a number: written with 0x and so many digits */
    bool required;         /* the element is nothing without it */
    bool needed;           /* required when the element around it is there ("boot/@order") */
    bool always;           /* a number that is written though it is 0 */
    bool live;             /* exists while the guest runs, not in its definition */
    const char *lasting;   /* of a live string: what begins with this is in the definition, too */
    bool secure;           /* written for those who may see secrets */
    ErrorCode code;        /* of the refusal of a value; 0: ERR_XML */
};

struct XmlElement {
    const char *name;
    const char *prefix, *uri; /* of the namespace of the element and all within, if it has one */
    size_t size;
    const XmlField *fields; /* closed by an empty one */
    size_t variant;         /* offset of the enum that .when speaks of */
    /* What no single field can say; may also bring what was read into its normal form. Called
     * when all fields are read, for the parts of an element before the element itself. */
    bool (*finish)(void *object, unsigned flags, GError **error);
    struct XmlPlan *plan; /* made from the fields at first use */
};

#define WHEN(variant) (1ull << (variant))
/* In every variant but these: .when = WHEN_NOT(WHEN(A) | WHEN(B)) */
#define WHEN_NOT(variants) (~(uint64_t) (variants))

extern const XmlType xml_string, xml_uint, xml_int, xml_u8, xml_u64, xml_i64, xml_optional,
    xml_enum, xml_word, xml_flag, xml_size, xml_uuid, xml_mac, xml_bitmap, xml_raw, xml_child,
    xml_list, xml_part, xml_unsupported;
extern const char *const xml_on_off[], *const xml_yes_no[];

// clang-format off
/* One row of a table each; what follows the member sets further fields of the row. */
#define XML_STRING(p, Struct, member, ...) \
    { .path = p, .type = &xml_string, .offset = SLOT(Struct, member, char *), __VA_ARGS__ }
/* unsigned, int, uint8_t, uint64_t, int64_t or Optional */
#define XML_NUMBER(p, Struct, member, ...)                                        \
    { .path = p, .offset = offsetof(Struct, member),                              \
      .type = _Generic(((Struct *) 0)->member, unsigned: &xml_uint, int: &xml_int, \
                       uint8_t: &xml_u8, uint64_t: &xml_u64, int64_t: &xml_i64,   \
                       Optional: &xml_optional),                                  \
      __VA_ARGS__ }
/* True when the (empty) element is there. */
#define XML_FLAG(p, Struct, member, ...) \
    { .path = p, .type = &xml_flag, .offset = SLOT(Struct, member, bool), __VA_ARGS__ }
/* names[0] is NULL when 0 is "absent"; else it is the name of the default, always written. */
#define XML_ENUM(p, Struct, member, names, ...)                                  \
    { .path = p, .type = &xml_enum, .offset = SLOT_ENUM(Struct, member),         \
      .detail = names, __VA_ARGS__ }
/* A string that is one of these, of which names[0] is NULL. */
#define XML_WORD(p, Struct, member, names, ...)                                  \
    { .path = p, .type = &xml_word, .offset = SLOT(Struct, member, char *),      \
      .detail = names, __VA_ARGS__ }
#define XML_ON_OFF(p, Struct, member, ...)                                       \
    { .path = p, .type = &xml_enum, .offset = SLOT(Struct, member, Switch),      \
      .detail = xml_on_off, __VA_ARGS__ }
#define XML_YES_NO(p, Struct, member, ...)                                       \
    { .path = p, .type = &xml_enum, .offset = SLOT(Struct, member, Switch),      \
      .detail = xml_yes_no, __VA_ARGS__ }
/* A number with an attribute unit beside it; a multiple of .unit bytes, rounded up. */
#define XML_SIZE(p, Struct, member, ...) \
    { .path = p, .type = &xml_size, .offset = SLOT(Struct, member, uint64_t), __VA_ARGS__ }
#define XML_UUID(p, Struct, member, ...) \
    { .path = p, .type = &xml_uuid, .offset = SLOT(Struct, member, Uuid), __VA_ARGS__ }
#define XML_MAC(p, Struct, member, ...) \
    { .path = p, .type = &xml_mac, .offset = SLOT(Struct, member, Mac), __VA_ARGS__ }
#define XML_BITMAP(p, Struct, member, ...) \
    { .path = p, .type = &xml_bitmap, .offset = SLOT(Struct, member, Bitmap *), __VA_ARGS__ }
/* All that is inside the element, as text. */
#define XML_RAW(p, Struct, member, ...) \
    { .path = p, .type = &xml_raw, .offset = SLOT(Struct, member, char *), __VA_ARGS__ }
/* A pointer to the struct of a child element. */
#define XML_CHILD(p, Struct, member, element, ...)                                     \
    { .path = p, .type = &xml_child, .offset = offsetof(Struct, member) +              \
      0 * sizeof(*((Struct *) 0)->member), .detail = element, __VA_ARGS__ }
/* Any number of children of this name: a GPtrArray of pointers to their structs, NULL if none. */
#define XML_LIST(p, Struct, member, element, ...)                                      \
    { .path = p, .type = &xml_list, .offset = SLOT(Struct, member, GPtrArray *),       \
      .detail = element, __VA_ARGS__ }
/* A struct within this one, whose table's rows count as rows of this table, with p before their
 * paths; "." puts nothing there. */
#define XML_PART(p, Struct, member, element, ...)                                      \
    { .path = p, .type = &xml_part, .offset = offsetof(Struct, member),                \
      .detail = element, __VA_ARGS__ }
/* What we know and do not serve: refused by name. */
#define XML_UNSUPPORTED(p, ...) { .path = p, .type = &xml_unsupported, __VA_ARGS__ }
// clang-format on

enum { XML_SIZE_LIMIT = 4 << 20, XML_WARNING_LIMIT = 20 };

/* ERR_XML for what is malformed or not what the table says, ERR_CONFIG_UNSUPPORTED for
 * XML_UNSUPPORTED rows. Names that no table knows are added to warnings (char *, may be NULL), or
 * refused with ERR_XML_INVALID_SCHEMA under XML_VALIDATE. From any thread. */
void *xml_parse(XmlElement *element, const char *text, unsigned flags, GPtrArray *warnings,
                GError **error);
/* The same for text that may be any of several elements (closed by NULL); says which it was. */
void *xml_parse_any(XmlElement *const *elements, const char *text, unsigned flags,
                    GPtrArray *warnings, XmlElement **found, GError **error);
char *xml_format(XmlElement *element, const void *object, unsigned flags);
void *xml_copy(XmlElement *element, const void *object);
/* The path of the first difference, freed by the caller; NULL when there is none. */
char *xml_compare(XmlElement *element, const void *a, const void *b);
void xml_free(XmlElement *element, void *object);
/* Frees what the struct points to and leaves it zero. */
void xml_clear(XmlElement *element, void *object);

static inline bool xml_is_blank(const char *text) { return text[strspn(text, " \t\r\n")] == '\0'; }

/* For each element its Struct_free() and g_autoptr(Struct). */
#define XML_STRUCT(Struct, prefix, element)                                          \
    static inline void prefix##_free(Struct *object) { xml_free(&element, object); } \
    G_DEFINE_AUTOPTR_CLEANUP_FUNC(Struct, prefix##_free)
