/* smartcard.c - a smart card reader with its card */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/smartcard.h"

static const char *const mode_names[] = {
    [SMARTCARD_NONE] = NULL,
    [SMARTCARD_HOST] = "host",
    [SMARTCARD_HOST_CERTIFICATES] = "host-certificates",
    [SMARTCARD_PASSTHROUGH] = "passthrough",
    NULL,
};

static const XmlField certificate_fields[] = {
    XML_STRING(".", SmartcardCertificate, name, .required = true),
    {},
};
static XmlElement certificate_element = {
    .name = "certificate",
    .size = sizeof(SmartcardCertificate),
    .fields = certificate_fields,
};

#define CERTIFICATES .when = WHEN(SMARTCARD_HOST_CERTIFICATES)

static const XmlField smartcard_fields[] = {
    XML_ENUM("@mode", Smartcard, mode, mode_names, .required = true),
    XML_LIST("certificate", Smartcard, certificates, &certificate_element, CERTIFICATES),
    XML_STRING("database", Smartcard, database, CERTIFICATES),
    XML_PART(".", Smartcard, source, &char_source_element, .when = WHEN(SMARTCARD_PASSTHROUGH)),
    DEVICE_INFO(Smartcard),
    {},
};

static bool smartcard_finish(void *object, unsigned, GError **error)
{
    const Smartcard *smartcard = object;

    if (smartcard->mode != SMARTCARD_HOST_CERTIFICATES)
        return true;
    return (smartcard->certificates && smartcard->certificates->len == 3) ||
           fail(error, ERR_XML, "host-certificates takes three <certificate>");
}

XmlElement smartcard_element = {
    .name = "smartcard",
    .size = sizeof(Smartcard),
    .fields = smartcard_fields,
    .variant = offsetof(Smartcard, mode),
    .finish = smartcard_finish,
};
