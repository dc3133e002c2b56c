/* clock.c - what time it is in the guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/clock.h"

#include <string.h>

const char *const clock_offset_names[] = {
    [CLOCK_UTC] = "utc",           [CLOCK_LOCALTIME] = "localtime", [CLOCK_VARIABLE] = "variable",
    [CLOCK_TIMEZONE] = "timezone", [CLOCK_ABSOLUTE] = "absolute",   NULL,
};
static const char *const basis_names[] = {
    [CLOCK_BASIS_UTC] = "utc",
    [CLOCK_BASIS_LOCALTIME] = "localtime",
    NULL,
};
const char *const timer_names[] = {
    [TIMER_NONE] = NULL,
    [TIMER_PLATFORM] = "platform",
    [TIMER_PIT] = "pit",
    [TIMER_RTC] = "rtc",
    [TIMER_HPET] = "hpet",
    [TIMER_TSC] = "tsc",
    [TIMER_KVMCLOCK] = "kvmclock",
    [TIMER_HYPERVCLOCK] = "hypervclock",
    [TIMER_ARMVTIMER] = "armvtimer",
    NULL,
};
const char *const tick_policy_names[] = {
    [TICK_ABSENT] = NULL,   [TICK_DELAY] = "delay",     [TICK_CATCHUP] = "catchup",
    [TICK_MERGE] = "merge", [TICK_DISCARD] = "discard", NULL,
};
static const char *const track_words[] = { NULL, "boot", "guest", "wall", "realtime", NULL };
static const char *const mode_words[] = { NULL,       "auto",    "native", "emulate",
                                          "paravirt", "smpsafe", NULL };

static const XmlField timer_fields[] = {
    XML_ENUM("@name", Timer, name, timer_names, .required = true),
    XML_YES_NO("@present", Timer, present),
    XML_ENUM("@tickpolicy", Timer, tick_policy, tick_policy_names),
    XML_WORD("@track", Timer, track, track_words),
    XML_NUMBER("@frequency", Timer, frequency),
    XML_WORD("@mode", Timer, mode, mode_words),
    XML_NUMBER("catchup/@threshold", Timer, catchup_threshold),
    XML_NUMBER("catchup/@slew", Timer, catchup_slew),
    XML_NUMBER("catchup/@limit", Timer, catchup_limit),
    {},
};
static XmlElement timer_element = {
    .name = "timer",
    .size = sizeof(Timer),
    .fields = timer_fields,
};

// clang-format off
#define SECONDS .when = WHEN(CLOCK_UTC) | WHEN(CLOCK_LOCALTIME) | WHEN(CLOCK_VARIABLE)

static const XmlField clock_fields[] = {
    XML_ENUM("@offset", Clock, offset, clock_offset_names),
    XML_STRING("@adjustment", Clock, adjustment, SECONDS),
    XML_ENUM("@basis", Clock, basis, basis_names, .when = WHEN(CLOCK_VARIABLE)),
    XML_NUMBER("@adjustment0", Clock, adjustment0, .live = true, .when = WHEN(CLOCK_VARIABLE)),
    XML_STRING("@timezone", Clock, timezone, .required = true, .when = WHEN(CLOCK_TIMEZONE)),
    XML_NUMBER("@start", Clock, start, .required = true, .always = true, .when = WHEN(CLOCK_ABSOLUTE)),
    XML_LIST("timer", Clock, timers, &timer_element),
    {},
};
// clang-format on

static bool is_seconds(const char *text)
{
    char *end;

    (void) g_ascii_strtoll(text, &end, 10);
    return end != text && !*end;
}

static bool clock_finish(void *object, unsigned, GError **error)
{
    Clock *clock = object;

    if (clock->offset == CLOCK_VARIABLE && !clock->adjustment)
        clock->adjustment = g_strdup("0");
    if (clock->adjustment && !is_seconds(clock->adjustment) &&
        (clock->offset == CLOCK_VARIABLE || strcmp(clock->adjustment, "reset") != 0))
        return fail(error, ERR_XML, "invalid value '%s' for '@adjustment'", clock->adjustment);
    return true;
}

XmlElement clock_element = {
    .name = "clock",
    .size = sizeof(Clock),
    .fields = clock_fields,
    .variant = offsetof(Clock, offset),
    .finish = clock_finish,
};
