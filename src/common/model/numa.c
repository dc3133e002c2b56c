/* numa.c - the guest's NUMA cells and where their memory lies on the host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/numa.h"
#include "model/list.h"

const char *const numa_mode_names[] = {
    [NUMA_MODE_ABSENT] = NULL,          [NUMA_STRICT] = "strict",
    [NUMA_PREFERRED] = "preferred",     [NUMA_INTERLEAVE] = "interleave",
    [NUMA_RESTRICTIVE] = "restrictive", NULL,
};
const char *const placement_names[] = {
    [PLACEMENT_ABSENT] = NULL,
    [PLACEMENT_STATIC] = "static",
    [PLACEMENT_AUTO] = "auto",
    NULL,
};
static const char *const access_words[] = { NULL, "shared", "private", NULL };
static const char *const associativity_words[] = { NULL, "none", "direct", "full", NULL };
static const char *const policy_words[] = { NULL, "none", "writeback", "writethrough", NULL };
static const char *const traffic_words[] = { NULL, "access", "read", "write", NULL };

static const XmlField distance_fields[] = {
    XML_NUMBER("@id", NumaDistance, cell, .required = true, .always = true),
    XML_NUMBER("@value", NumaDistance, value, .required = true, .min = 10, .max = 255),
    {},
};
static XmlElement distance_element = {
    .name = "sibling",
    .size = sizeof(NumaDistance),
    .fields = distance_fields,
};

static const XmlField cache_fields[] = {
    XML_NUMBER("@level", NumaCache, level, .required = true, .min = 1),
    XML_WORD("@associativity", NumaCache, associativity, associativity_words, .required = true),
    XML_WORD("@policy", NumaCache, policy, policy_words, .required = true),
    XML_SIZE("size/@value", NumaCache, size, .unit = 1024, .required = true),
    XML_SIZE("line/@value", NumaCache, line, .unit = 1, .unit_name = "B", .required = true),
    {},
};
static XmlElement cache_element = {
    .name = "cache",
    .size = sizeof(NumaCache),
    .fields = cache_fields,
};

static const XmlField cell_fields[] = {
    XML_NUMBER("@id", NumaCell, id, .max = UINT32_MAX),
    XML_BITMAP("@cpus", NumaCell, cpus),
    XML_SIZE("@memory", NumaCell, memory, .unit = 1024, .required = true),
    XML_WORD("@memAccess", NumaCell, access, access_words),
    XML_YES_NO("@discard", NumaCell, discard),
    XML_LIST("distances/sibling", NumaCell, distances, &distance_element),
    XML_LIST("cache", NumaCell, caches, &cache_element),
    {},
};
static XmlElement cell_element = {
    .name = "cell",
    .size = sizeof(NumaCell),
    .fields = cell_fields,
};

static const XmlField latency_fields[] = {
    XML_NUMBER("@initiator", NumaLatency, initiator, .required = true, .always = true),
    XML_NUMBER("@target", NumaLatency, target, .required = true, .always = true),
    XML_NUMBER("@cache", NumaLatency, cache, .min = 1),
    XML_WORD("@type", NumaLatency, type, traffic_words, .required = true),
    XML_NUMBER("@value", NumaLatency, value, .required = true, .min = 1),
    {},
};
static XmlElement latency_element = {
    .name = "latency",
    .size = sizeof(NumaLatency),
    .fields = latency_fields,
};

static const XmlField traffic_fields[] = {
    XML_NUMBER("@initiator", NumaBandwidth, initiator, .required = true, .always = true),
    XML_NUMBER("@target", NumaBandwidth, target, .required = true, .always = true),
    XML_NUMBER("@cache", NumaBandwidth, cache, .min = 1),
    XML_WORD("@type", NumaBandwidth, type, traffic_words, .required = true),
    XML_SIZE("@value", NumaBandwidth, value, .unit = 1024, .required = true),
    {},
};
static XmlElement traffic_element = {
    .name = "bandwidth",
    .size = sizeof(NumaBandwidth),
    .fields = traffic_fields,
};

static const XmlField guest_numa_fields[] = {
    XML_LIST("cell", GuestNuma, cells, &cell_element),
    XML_LIST("interconnects/latency", GuestNuma, latencies, &latency_element),
    XML_LIST("interconnects/bandwidth", GuestNuma, bandwidths, &traffic_element),
    {},
};

static NumaCell *cell_with_id(const GuestNuma *numa, int64_t id)
{
    for (LIST_EACH(NumaCell, cell, numa->cells)) {
        if (cell->id.given && cell->id.value == id)
            return cell;
    }
    return NULL;
}

/* A cell without an id has its place in the list; after this the place of each is its id. */
static bool guest_numa_finish(void *object, unsigned, GError **error)
{
    GuestNuma *numa = object;
    unsigned count = list_length(numa->cells);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();

    for (unsigned i = 0; i < count; i++) {
        NumaCell *cell = numa->cells->pdata[i];

        if (!cell->id.given)
            cell->id = optional(i);
    }
    for (unsigned i = 0; i < count; i++) {
        NumaCell *cell = cell_with_id(numa, i);

        if (!cell)
            return fail(error, ERR_XML, "the ids of NUMA cells are 0 to %u, and %u is missing",
                        count - 1, i);
        g_ptr_array_add(sorted, cell);
    }
    for (unsigned i = 0; i < count; i++)
        numa->cells->pdata[i] = sorted->pdata[i];
    return true;
}

XmlElement guest_numa_element = {
    .name = "numa",
    .size = sizeof(GuestNuma),
    .fields = guest_numa_fields,
    .finish = guest_numa_finish,
};

static const XmlField node_fields[] = {
    XML_NUMBER("@cellid", NumaNode, cell, .required = true, .always = true),
    XML_ENUM("@mode", NumaNode, mode, numa_mode_names),
    XML_BITMAP("@nodeset", NumaNode, nodes, .required = true),
    {},
};
static XmlElement node_element = {
    .name = "memnode",
    .size = sizeof(NumaNode),
    .fields = node_fields,
};

static const XmlField numa_tune_fields[] = {
    XML_ENUM("memory/@mode", NumaTune, mode, numa_mode_names),
    XML_BITMAP("memory/@nodeset", NumaTune, nodes),
    XML_ENUM("memory/@placement", NumaTune, placement, placement_names),
    XML_LIST("memnode", NumaTune, cells, &node_element),
    {},
};
XmlElement numa_tune_element = {
    .name = "numatune",
    .size = sizeof(NumaTune),
    .fields = numa_tune_fields,
};
