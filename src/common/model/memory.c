/* memory.c - how a guest's memory is made and limited */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/memory.h"

static const char *const source_words[] = { NULL, "file", "anonymous", "memfd", NULL };
static const char *const access_words[] = { NULL, "shared", "private", NULL };
static const char *const allocation_words[] = { NULL, "immediate", "ondemand", NULL };

static const XmlField page_fields[] = {
    XML_SIZE("@size", HugePage, size, .unit = 1024, .required = true),
    XML_BITMAP("@nodeset", HugePage, nodes),
    {},
};
static XmlElement page_element = {
    .name = "page",
    .size = sizeof(HugePage),
    .fields = page_fields,
};

static const XmlField memory_backing_fields[] = {
    XML_FLAG("hugepages", MemoryBacking, hugepages),
    XML_LIST("hugepages/page", MemoryBacking, pages, &page_element),
    XML_FLAG("nosharepages", MemoryBacking, nosharepages),
    XML_FLAG("locked", MemoryBacking, locked),
    XML_WORD("source/@type", MemoryBacking, source, source_words, .needed = true),
    XML_WORD("access/@mode", MemoryBacking, access, access_words, .needed = true),
    XML_WORD("allocation/@mode", MemoryBacking, allocation, allocation_words),
    XML_NUMBER("allocation/@threads", MemoryBacking, allocation_threads),
    XML_FLAG("discard", MemoryBacking, discard),
    {},
};
XmlElement memory_backing_element = {
    .name = "memoryBacking",
    .size = sizeof(MemoryBacking),
    .fields = memory_backing_fields,
};

static const XmlField memory_tune_fields[] = {
    XML_SIZE("hard_limit", MemoryTune, hard_limit, .unit = 1024),
    XML_SIZE("soft_limit", MemoryTune, soft_limit, .unit = 1024),
    XML_SIZE("min_guarantee", MemoryTune, min_guarantee, .unit = 1024),
    XML_SIZE("swap_hard_limit", MemoryTune, swap_hard_limit, .unit = 1024),
    {},
};
XmlElement memory_tune_element = {
    .name = "memtune",
    .size = sizeof(MemoryTune),
    .fields = memory_tune_fields,
};
