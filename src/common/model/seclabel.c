/* seclabel.c - how a guest's process and files are labelled */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/seclabel.h"

const char *const seclabel_type_names[] = {
    [SECLABEL_ABSENT] = NULL,
    [SECLABEL_NONE] = "none",
    [SECLABEL_DYNAMIC] = "dynamic",
    [SECLABEL_STATIC] = "static",
    NULL,
};

// clang-format off
static const XmlField seclabel_fields[] = {
    XML_ENUM("@type", Seclabel, type, seclabel_type_names),
    XML_STRING("@model", Seclabel, model),
    XML_YES_NO("@relabel", Seclabel, relabel),
    XML_STRING("label", Seclabel, label, .when = WHEN(SECLABEL_STATIC)),
    XML_STRING("label", Seclabel, label, .live = true, .when = WHEN(SECLABEL_DYNAMIC)),
    XML_STRING("imagelabel", Seclabel, image_label, .live = true,
               .when = WHEN(SECLABEL_STATIC) | WHEN(SECLABEL_DYNAMIC)),
    XML_STRING("baselabel", Seclabel, base_label, .when = WHEN(SECLABEL_DYNAMIC)),
    {},
};
// clang-format on

static bool seclabel_finish(void *object, unsigned, GError **error)
{
    Seclabel *seclabel = object;

    if (!seclabel->type)
        seclabel->type = SECLABEL_DYNAMIC;
    if (seclabel->type == SECLABEL_STATIC && !seclabel->label)
        return fail(error, ERR_XML, "missing 'label' of a static seclabel");
    if (!seclabel->relabel)
        seclabel->relabel = seclabel->type == SECLABEL_DYNAMIC ? SWITCH_ON : SWITCH_OFF;
    if (seclabel->type == SECLABEL_DYNAMIC && seclabel->relabel == SWITCH_OFF)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "a dynamic seclabel is relabelled");
    return true;
}

XmlElement seclabel_element = {
    .name = "seclabel",
    .size = sizeof(Seclabel),
    .fields = seclabel_fields,
    .variant = offsetof(Seclabel, type),
    .finish = seclabel_finish,
};
