/* state.c - the element table of what is saved while a network runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state.h"

static const XmlField state_fields[] = {
    XML_FLAG("starting", State, starting),
    XML_NUMBER("dnsmasq/@pid", State, pid),
    XML_NUMBER("dnsmasq/@started", State, started),
    XML_CHILD("network", State, live, &network_element, .required = true),
    {},
};

static XmlElement state_element = {
    .name = "running",
    .size = sizeof(State),
    .fields = state_fields,
};

char *state_format(Net *net, const View *view)
{
    State state = {
        .starting = view->starting,
        .pid = net->dnsmasq,
        .started = net->dnsmasq_started,
        .live = view->live->network,
    };

    return xml_format(&state_element, &state, XML_LIVE);
}

State *state_parse(const char *text, GError **error)
{
    return xml_parse(&state_element, text, XML_LIVE, NULL, error);
}

void state_free(State *state) { xml_free(&state_element, state); }
