/* parse.c - reads a document into a struct by its element's plan
 *
 * One walk over the document: each attribute and child is looked up among those that the plan has
 * at its place. Only the enums that rows depend on are read before it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/names.h"
#include "xml/document.h"
#include "xml/plan.h"

#include <string.h>

/* One call of xml_parse(). */
typedef struct Reader {
    unsigned flags;
    GPtrArray *warnings;
    GError **error;
} Reader;

/* One struct that is being filled. */
typedef struct Filling {
    Reader *reader;
    const XmlPlan *plan;
    void *object;
    uint64_t *filled;  /* a bit for each node of the plan whose value was read */
    uint64_t *entered; /* for each element that rows pass through */
} Filling;

static bool has_bit(const uint64_t *bits, const PlanNode *node)
{
    return bits[node->index / 64] >> node->index % 64 & 1;
}

static void set_bit(uint64_t *bits, const PlanNode *node)
{
    bits[node->index / 64] |= 1ull << node->index % 64;
}

static bool is_skipped(const Filling *filling, const PlanField *field)
{
    return !field_exists(&field->row, filling->reader->flags, NULL);
}

/* ---- what is said about a document ---- */

static bool refuse(const Reader *reader, const xmlNode *node, ErrorCode code, const char *format,
                   ...) G_GNUC_PRINTF(4, 5);
static bool refuse(const Reader *reader, const xmlNode *node, ErrorCode code, const char *format,
                   ...)
{
    g_autofree char *where = document_place(node), *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    return fail(reader->error, code, "%s: %s", where, what);
}

/* What a schema would find has one code for who asks for validation. */
static ErrorCode schema_code(const Reader *reader, ErrorCode code)
{
    return reader->flags & XML_VALIDATE ? ERR_XML_INVALID_SCHEMA : code;
}

static const char *nearest_of(const GPtrArray *nodes, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    g_ptr_array_add(names, NULL); /* the place of "absent" */
    for (guint i = 0; i < nodes->len; i++) {
        const PlanNode *node = nodes->pdata[i];

        if (node->name)
            g_ptr_array_add(names, (char *) node->name);
    }
    g_ptr_array_add(names, NULL);
    return names_nearest((const char *const *) names->pdata, name);
}

/* A name that no row has, at least not in this variant: a warning, or the end. */
static bool report(const Reader *reader, const xmlNode *node, const char *kind, const char *name,
                   const GPtrArray *known)
{
    const char *nearest = known ? nearest_of(known, name) : NULL;
    g_autofree char *where = document_place(node), *what = NULL;

    if (!nearest)
        what = g_strdup_printf("%s: unknown %s '%.40s'", where, kind, name);
    else if (strcmp(nearest, name) == 0)
        what = g_strdup_printf("%s: %s '%s' has no meaning here", where, kind, name);
    else
        what = g_strdup_printf("%s: unknown %s '%s', is it '%s'?", where, kind, name, nearest);
    if (reader->flags & XML_VALIDATE)
        return fail(reader->error, ERR_XML_INVALID_SCHEMA, "%s", what);
    if (reader->warnings && reader->warnings->len < XML_WARNING_LIMIT)
        g_ptr_array_add(reader->warnings, g_steal_pointer(&what));
    return true;
}

/* ---- values ---- */

/* A path's last part. */
static const char *leaf_of(const XmlField *row)
{
    const char *slash = strrchr(row->path, '/');

    return slash ? slash + 1 : row->path;
}

/* The words for a value that its type does not accept; a name's nearest is told. */
static bool refuse_value(const Filling *filling, const xmlNode *node, const PlanNode *place,
                         const XmlInput *input)
{
    const XmlField *row = &place->field->row;
    bool is_name = row->type == &xml_enum || row->type == &xml_word;
    const char *nearest = is_name ? names_nearest(row->detail, input->text) : NULL;
    g_autofree char *unit = input->unit ? g_strdup_printf(" of unit '%s'", input->unit) : NULL;
    g_autofree char *hint = nearest ? g_strdup_printf(", is it '%s'?", nearest) : NULL;

    return refuse(filling->reader, node,
                  schema_code(filling->reader, row->code ? row->code : ERR_XML),
                  "invalid value '%s'%s for '%s'%s", input->text, unit ? unit : "", leaf_of(row),
                  hint ? hint : "");
}

/* Reads one value, once; node is the element that it is in or of. */
static bool fill(Filling *filling, const PlanNode *place, const xmlNode *node, const char *text)
{
    const PlanField *field = place->field;
    g_autofree xmlChar *unit = NULL;
    XmlInput input = { .text = text, .field = &field->row, .flags = filling->reader->flags };

    if (has_bit(filling->filled, place) || !field_exists(&field->row, input.flags, text))
        return true;
    set_bit(filling->filled, place);
    if (field->row.type == &xml_size)
        input.unit = (char *) (unit = xmlGetNoNsProp(node, (const xmlChar *) "unit"));
    return field->row.type->parse(&input, slot_at(filling->object, field->row.offset)) ||
           refuse_value(filling, node, place, &input);
}

static bool fill_attribute(Filling *filling, const PlanNode *place, const xmlNode *node,
                           const xmlAttr *attribute)
{
    g_autofree char *owned = NULL;

    if (place->field->row.type == &xml_unsupported)
        return refuse(filling->reader, node, ERR_CONFIG_UNSUPPORTED, "'%s' is not supported",
                      (const char *) attribute->name);
    return fill(filling, place, node, document_text(attribute->children, &owned));
}

/* The text of an element. Without any it counts as absent, but for an element that is a flag. */
static bool fill_text(Filling *filling, const PlanNode *place, const xmlNode *node)
{
    g_autofree char *owned = NULL;
    const char *text;

    if (place->field->row.type == &xml_raw)
        text = owned = document_inside(node);
    else
        text = document_text(node->children, &owned);
    if (!place->field->row.type->takes_blank && (!text || xml_is_blank(text)))
        return true;
    return fill(filling, place, node, text);
}

static bool has_no_text(const Reader *reader, const xmlNode *node)
{
    g_autofree char *owned = NULL;
    const char *text = document_text(node->children, &owned);

    return xml_is_blank(text) || report(reader, node, "text", text, NULL);
}

/* ---- elements ---- */

static void *read_object(Reader *reader, XmlElement *element, const xmlNode *node);
static bool read_node(Filling *filling, const PlanNode *place, const xmlNode *node);

static bool in_namespace(const xmlNs *ns, const char *uri)
{
    return ns && uri ? strcmp((const char *) ns->href, uri) == 0 : !ns && !uri;
}

static const PlanNode *find_attribute(const Filling *filling, const PlanNode *place,
                                      const xmlAttr *attribute)
{
    for (guint i = 0; !attribute->ns && i < place->attributes->len; i++) {
        const PlanNode *node = place->attributes->pdata[i];

        if (strcmp(node->name, (const char *) attribute->name) == 0 &&
            field_applies(node->field, filling->object))
            return node;
    }
    return NULL;
}

/* Rows pass through the element, or its one row is for this variant. */
static bool is_candidate(const Filling *filling, const PlanNode *node)
{
    return !node->field || field_applies(node->field, filling->object) ||
           (!node->nested && (node->attributes->len || node->children->len));
}

/* An element that is read by its own table goes before one that rows pass through, and a name
 * before any name. */
static const PlanNode *find_child(const Filling *filling, const PlanNode *place,
                                  const xmlNode *child)
{
    const PlanNode *passed = NULL;

    for (guint i = 0; i < place->children->len; i++) {
        const PlanNode *node = place->children->pdata[i];

        if ((node->name && strcmp(node->name, (const char *) child->name) != 0) ||
            !in_namespace(child->ns, node->uri))
            continue;
        if (!is_candidate(filling, node))
            continue;
        if (node->nested && node->name)
            return node;
        if (!passed || node->name)
            passed = node;
    }
    return passed;
}

static bool read_nested(Filling *filling, const PlanNode *place, const xmlNode *node)
{
    const XmlField *row = &place->field->row;
    void **slot = slot_at(filling->object, row->offset);
    void *object;

    if (row->type == &xml_unsupported)
        return refuse(filling->reader, node, ERR_CONFIG_UNSUPPORTED, "<%s> is not supported",
                      node->name);
    if (is_skipped(filling, place->field))
        return true;
    if (row->type == &xml_child && *slot)
        return refuse(filling->reader, node, schema_code(filling->reader, ERR_XML),
                      "there is more than one <%s>", node->name);
    object = read_object(filling->reader, (XmlElement *) row->detail, node);
    if (!object)
        return false;
    set_bit(filling->filled, place);
    if (row->type == &xml_child) {
        *slot = object;
        return true;
    }
    if (!*slot)
        *slot = g_ptr_array_new();
    g_ptr_array_add(*slot, object);
    return true;
}

static bool read_child(Filling *filling, const PlanNode *place, const xmlNode *child)
{
    const PlanNode *node = find_child(filling, place, child);

    if (!node)
        return report(filling->reader, child->parent, "element", (const char *) child->name,
                      place->children);
    if (node->nested)
        return read_nested(filling, node, child);
    if (has_bit(filling->entered, node))
        return refuse(filling->reader, child, schema_code(filling->reader, ERR_XML),
                      "there is more than one <%s>", child->name);
    set_bit(filling->entered, node);
    return read_node(filling, node, child);
}

static bool read_attributes(Filling *filling, const PlanNode *place, const xmlNode *node)
{
    for (const xmlAttr *at = node->properties; at; at = at->next) {
        const PlanNode *attribute = find_attribute(filling, place, at);

        if (attribute ? !fill_attribute(filling, attribute, node, at)
                      : !report(filling->reader, node, "attribute", (const char *) at->name,
                                place->attributes))
            return false;
    }
    return true;
}

/* What has to be in an element that is there. */
static bool nothing_is_needed(const Filling *filling, const GPtrArray *places, const xmlNode *node)
{
    for (guint i = 0; i < places->len; i++) {
        const PlanNode *place = places->pdata[i];
        const PlanField *field = place->field;

        if (field && field->row.needed && !has_bit(filling->filled, place) &&
            field_applies(field, filling->object) && !is_skipped(filling, field))
            return refuse(filling->reader, node, schema_code(filling->reader, ERR_XML),
                          "missing '%s'", leaf_of(&field->row));
    }
    return true;
}

static bool read_node(Filling *filling, const PlanNode *place, const xmlNode *node)
{
    const PlanField *own =
        place->field && field_applies(place->field, filling->object) ? place->field : NULL;

    if (!read_attributes(filling, place, node) || (own && !fill_text(filling, place, node)))
        return false;
    if (own && own->row.type == &xml_raw)
        return true;
    if ((!own || own->row.type == &xml_flag) && !has_no_text(filling->reader, node))
        return false;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE && !read_child(filling, place, child))
            return false;
    }
    return nothing_is_needed(filling, place->attributes, node) &&
           nothing_is_needed(filling, place->children, node);
}

/* ---- structs ---- */

static const xmlNode *child_named(const xmlNode *node, const PlanNode *place)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE && in_namespace(child->ns, place->uri) &&
            strcmp((const char *) child->name, place->name) == 0)
            return child;
    }
    return NULL;
}

/* The element of the document that the place is, or is an attribute of. */
static const xmlNode *element_at(const xmlNode *root, const PlanNode *place)
{
    const xmlNode *above;

    if (!place->parent)
        return root;
    above = element_at(root, place->parent);
    return above ? child_named(above, place) : NULL;
}

/* The enums that other rows depend on, before these are asked for. */
static bool read_variants(Filling *filling, const xmlNode *root)
{
    for (guint i = 0; i < filling->plan->variants->len; i++) {
        const PlanNode *place = filling->plan->variants->pdata[i];
        const xmlNode *node = element_at(root, place->parent);
        const xmlAttr *attribute = node ? xmlHasProp(node, (const xmlChar *) place->name) : NULL;

        if (attribute && field_applies(place->field, filling->object) &&
            !fill_attribute(filling, place, node, attribute))
            return false;
    }
    return true;
}

static bool nothing_is_missing(const Filling *filling, const xmlNode *node)
{
    for (guint i = 0; i < filling->plan->required->len; i++) {
        const PlanNode *place = filling->plan->required->pdata[i];

        if (!has_bit(filling->filled, place) && field_applies(place->field, filling->object) &&
            !is_skipped(filling, place->field))
            return refuse(filling->reader, node, schema_code(filling->reader, ERR_XML),
                          "missing '%s'", place->field->row.path);
    }
    return true;
}

static bool finish_parts(const Filling *filling, const xmlNode *node)
{
    const GArray *parts = filling->plan->parts;

    for (guint i = 0; i < parts->len; i++) {
        const PlanPart *part = &g_array_index(parts, PlanPart, i);
        g_autofree char *where = NULL;

        if (part->element->finish(slot_at(filling->object, part->offset), filling->reader->flags,
                                  filling->reader->error))
            continue;
        where = document_place(node);
        g_prefix_error(filling->reader->error, "%s: ", where);
        return false;
    }
    return true;
}

static bool fill_own_name(Filling *filling, const xmlNode *node)
{
    const PlanNode *place = filling->plan->own_name;
    XmlInput input = { .text = (const char *) node->name };

    if (!place)
        return true;
    input.field = &place->field->row;
    return place->field->row.type->parse(&input, slot_at(filling->object, input.field->offset)) ||
           refuse_value(filling, node, place, &input);
}

static void *read_object(Reader *reader, XmlElement *element, const xmlNode *node)
{
    const XmlPlan *plan = plan_of(element);
    uint64_t filled[plan->nodes->len / 64 + 1], entered[plan->nodes->len / 64 + 1];
    Filling filling = { .reader = reader, .plan = plan, .filled = filled, .entered = entered };

    memset(filled, 0, sizeof(filled));
    memset(entered, 0, sizeof(entered));
    filling.object = g_malloc0(element->size);
    if (fill_own_name(&filling, node) && read_variants(&filling, node) &&
        read_node(&filling, plan->root, node) && nothing_is_missing(&filling, node) &&
        finish_parts(&filling, node))
        return filling.object;
    xml_free(element, filling.object);
    return NULL;
}

void *xml_parse_any(XmlElement *const *elements, const char *text, unsigned flags,
                    GPtrArray *warnings, XmlElement **found, GError **error)
{
    Reader reader = { .flags = flags, .warnings = warnings, .error = error };
    g_autoptr(xmlDoc) document = document_read(text, error);
    const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;

    for (XmlElement *const *at = elements; root && *at; at++) {
        if (strcmp((const char *) root->name, (*at)->name) == 0 &&
            in_namespace(root->ns, (*at)->uri)) {
            *found = *at;
            return read_object(&reader, *at, root);
        }
    }
    return root ? fail(error, ERR_XML, "line %ld: unexpected root element <%s>%s%s%s",
                       xmlGetLineNo(root), root->name, elements[1] ? "" : ", expected <",
                       elements[1] ? "" : elements[0]->name, elements[1] ? "" : ">")
                : NULL;
}

void *xml_parse(XmlElement *element, const char *text, unsigned flags, GPtrArray *warnings,
                GError **error)
{
    XmlElement *const elements[] = { element, NULL };
    XmlElement *found;

    return xml_parse_any(elements, text, flags, warnings, &found, error);
}
