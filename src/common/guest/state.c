/* state.c - the element table of what is saved while a guest runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/state.h"

static const XmlField state_fields[] = {
    XML_NUMBER("@state", State, state, .always = true),
    XML_NUMBER("@reason", State, reason, .always = true),
    XML_NUMBER("@id", State, id),
    XML_NUMBER("@pid", State, pid, .always = true),
    XML_NUMBER("@started", State, started),
    XML_NUMBER("@init", State, init),
    XML_NUMBER("@init-started", State, init_started),
    XML_NUMBER("@balloon", State, balloon),
    XML_STRING("directory", State, directory, .required = true),
    XML_STRING("saving", State, saving),
    XML_FLAG("destroy-with-client", State, destroy_with_client),
    XML_FLAG("updated", State, updated),
    XML_CHILD("domain", State, live, &domain_element, .required = true),
    {},
};

static XmlElement state_element = {
    .name = "running",
    .size = sizeof(State),
    .fields = state_fields,
};

char *state_format(Machine *vm, const View *view)
{
    State state = {
        .state = view->state,
        .reason = view->reason,
        .id = view->id,
        .pid = view->pid,
        .started = vm->started,
        .init = view->init,
        .init_started = view->init_started,
        .directory = vm->directory,
        .saving = vm->saving,
        .balloon = view->balloon,
        .destroy_with_client = vm->destroy_with_client,
        .updated = view->updated,
        .live = view->live->domain,
    };

    return xml_format(&state_element, &state, XML_LIVE | XML_SECURE);
}

State *state_parse(const char *text, GError **error)
{
    return xml_parse(&state_element, text, XML_LIVE, NULL, error);
}

void state_free(State *state) { xml_free(&state_element, state); }
