/* ops-save.c - guests that are saved to files, and go on from them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "base/names.h"
#include "guest/files.h"
#include "guest/ops.h"
#include "restore.h"
#include "rpc/params.h"
#include "save-xml.h"
#include "save.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>

enum {
    STATE_FLAGS = VIR_DOMAIN_SAVE_RUNNING | VIR_DOMAIN_SAVE_PAUSED,
    SAVE_FLAGS = STATE_FLAGS | VIR_DOMAIN_SAVE_BYPASS_CACHE,
    RESTORE_FLAGS = SAVE_FLAGS | VIR_DOMAIN_SAVE_RESET_NVRAM,
};

static bool check_flags(const Call *call, unsigned flags, unsigned known, GError **error)
{
    if (!call_check_flags(call, flags, known, error))
        return false;
    return (flags & STATE_FLAGS) != STATE_FLAGS ||
           fail(error, ERR_INVALID_ARG,
                "Flags 'VIR_DOMAIN_SAVE_RUNNING' and 'VIR_DOMAIN_SAVE_PAUSED' are mutually "
                "exclusive");
}

static const char *text_of(char *const *optional) { return optional ? *optional : NULL; }

/* ---- save ---- */

/* name: of a format; NULL: as the configuration says. */
static bool find_format(const char *name, SaveFormat *format, GError **error)
{
    int found = names_find(save_format_names, name ? name : settings.save_image_format);

    *format = MAX(found, 0);
    return found >= 0 || fail(error, name ? ERR_INVALID_ARG : ERR_CONFIG_UNSUPPORTED,
                              "'%s' is no format that guests are saved in",
                              name ? name : settings.save_image_format);
}

static bool save(Call *call, SaveRequest request, const char *format, GError **error)
{
    return check_flags(call, request.flags, SAVE_FLAGS, error) &&
           find_format(format, &request.format, error) &&
           save_machine(machine_of(call), &request, error);
}

bool qemu_domain_save(Call *call, const remote_domain_save_args *in, none *, GError **error)
{
    return save(call, (SaveRequest){ .path = in->to }, NULL, error);
}

bool qemu_domain_save_flags(Call *call, const remote_domain_save_flags_args *in, none *,
                            GError **error)
{
    return save(call,
                (SaveRequest){ .path = in->to, .dxml = text_of(in->dxml), .flags = in->flags },
                NULL, error);
}

bool qemu_domain_managed_save(Call *call, const remote_domain_managed_save_args *in, none *,
                              GError **error)
{
    return save(call, (SaveRequest){ .flags = in->flags }, NULL, error);
}

typedef struct Given {
    const char *file, *dxml, *format;
} Given;

// clang-format off
#define TEXT(name, member) { name, REMOTE_TYPED_PARAM_STRING, SLOT(Given, member, const char *) }
static const ParamRow save_params[] = {
    TEXT(VIR_DOMAIN_SAVE_PARAM_FILE, file),
    TEXT(VIR_DOMAIN_SAVE_PARAM_DXML, dxml),
    TEXT(VIR_DOMAIN_SAVE_PARAM_IMAGE_FORMAT, format),
    {},
};
static const ParamRow restore_params[] = {
    TEXT(VIR_DOMAIN_SAVE_PARAM_FILE, file),
    TEXT(VIR_DOMAIN_SAVE_PARAM_DXML, dxml),
    {},
};
// clang-format on

/* Without a file it is kept for the next start. */
bool qemu_domain_save_params(Call *call, const remote_domain_save_params_args *in, none *,
                             GError **error)
{
    Given given = {};

    return params_read(in->params.params_val, in->params.params_len, save_params, &given, error) &&
           save(call, (SaveRequest){ .path = given.file, .dxml = given.dxml, .flags = in->flags },
                given.format, error);
}

/* ---- restore ---- */

static bool restore(Call *call, const char *path, const char *dxml, unsigned flags, GError **error)
{
    return check_flags(call, flags, RESTORE_FLAGS, error) && restore_file(path, dxml, flags, error);
}

bool qemu_domain_restore(Call *call, const remote_domain_restore_args *in, none *, GError **error)
{
    return restore(call, in->from, NULL, 0, error);
}

bool qemu_domain_restore_flags(Call *call, const remote_domain_restore_flags_args *in, none *,
                               GError **error)
{
    return restore(call, in->from, text_of(in->dxml), in->flags, error);
}

bool qemu_domain_restore_params(Call *call, const remote_domain_restore_params_args *in, none *,
                                GError **error)
{
    Given given = {};

    if (!params_read(in->params.params_val, in->params.params_len, restore_params, &given, error))
        return false;
    if (!given.file)
        return fail(error, ERR_INVALID_ARG, "missing path to restore from");
    return restore(call, given.file, given.dxml, in->flags, error);
}

/* ---- the definition in a file ---- */

static char *read_xml(const char *path, bool secure, GError **error)
{
    g_auto(SaveImage) image = { .fd = -1 };
    g_autoptr(Domain) domain = NULL;

    if (!save_image_open(&image, path, O_RDONLY, error))
        return NULL;
    domain = domain_parse(image.xml, 0, NULL, error);
    return domain ? domain_format(domain, secure ? XML_SECURE : 0) : NULL;
}

static bool change_xml(const char *path, const char *dxml, unsigned flags, GError **error)
{
    g_auto(SaveImage) image = { .fd = -1 };
    g_autofree char *xml = NULL;
    bool paused;

    if (!save_image_open(&image, path, O_RDWR, error))
        return false;
    paused = flags & STATE_FLAGS ? flags & VIR_DOMAIN_SAVE_PAUSED : image.paused;
    xml = save_xml_replace(image.xml, dxml, error);
    return xml && save_image_change(&image, xml, paused, error);
}

bool qemu_domain_save_image_get_xml_desc(Call *call,
                                         const remote_domain_save_image_get_xml_desc_args *in,
                                         remote_domain_save_image_get_xml_desc_ret *out,
                                         GError **error)
{
    if (!call_check_flags(call, in->flags, VIR_DOMAIN_SAVE_IMAGE_XML_SECURE, error))
        return false;
    out->xml = read_xml(in->file, in->flags, error);
    return out->xml != NULL;
}

bool qemu_domain_save_image_define_xml(Call *call,
                                       const remote_domain_save_image_define_xml_args *in, none *,
                                       GError **error)
{
    return check_flags(call, in->flags, STATE_FLAGS, error) &&
           change_xml(in->file, in->dxml, in->flags, error);
}

/* ---- what is kept ---- */

/* NULL: there is none. */
static char *find_kept(const Call *call, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    g_autofree char *name = object_name(call->object);

    if (!view->saved)
        return fail(error, ERR_OPERATION_INVALID, "domain does not have managed save image");
    return files_saved(name);
}

bool qemu_domain_managed_save_get_xml_desc(Call *call,
                                           const remote_domain_managed_save_get_xml_desc_args *in,
                                           remote_domain_managed_save_get_xml_desc_ret *out,
                                           GError **error)
{
    g_autofree char *path = NULL;

    if (!call_check_flags(call, in->flags, VIR_DOMAIN_SAVE_IMAGE_XML_SECURE, error))
        return false;
    path = find_kept(call, error);
    out->xml = path ? read_xml(path, in->flags, error) : NULL;
    return out->xml != NULL;
}

bool qemu_domain_managed_save_define_xml(Call *call,
                                         const remote_domain_managed_save_define_xml_args *in,
                                         none *, GError **error)
{
    g_autofree char *path = NULL;

    if (!check_flags(call, in->flags, STATE_FLAGS, error))
        return false;
    path = find_kept(call, error);
    return path && change_xml(path, text_of(in->dxml), in->flags, error);
}

bool qemu_domain_managed_save_remove(Call *call, const remote_domain_managed_save_remove_args *in,
                                     none *, GError **error)
{
    Machine *vm = machine_of(call);
    g_autofree char *name = object_name(call->object);
    g_autoptr(View) view = machine_edit(vm);

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    if (!view->saved)
        return fail_errno(error, ENOENT, "domain '%s' has no managed save file", name);
    return restore_drop(vm, view, error) && machine_publish(vm, g_steal_pointer(&view), error);
}
