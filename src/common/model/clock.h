/* clock.h - what time it is in the guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/bind.h"

typedef enum ClockOffset {
    CLOCK_UTC,
    CLOCK_LOCALTIME,
    CLOCK_VARIABLE,
    CLOCK_TIMEZONE,
    CLOCK_ABSOLUTE,
} ClockOffset;
extern const char *const clock_offset_names[];

typedef enum ClockBasis { CLOCK_BASIS_UTC, CLOCK_BASIS_LOCALTIME } ClockBasis;

typedef enum TimerName {
    TIMER_NONE,
    TIMER_PLATFORM,
    TIMER_PIT,
    TIMER_RTC,
    TIMER_HPET,
    TIMER_TSC,
    TIMER_KVMCLOCK,
    TIMER_HYPERVCLOCK,
    TIMER_ARMVTIMER,
} TimerName;
extern const char *const timer_names[];

typedef enum TickPolicy {
    TICK_ABSENT,
    TICK_DELAY,
    TICK_CATCHUP,
    TICK_MERGE,
    TICK_DISCARD,
} TickPolicy;
extern const char *const tick_policy_names[];

typedef struct Timer {
    TimerName name;
    Switch present;
    TickPolicy tick_policy;
    char *track;        /* "boot", "guest", "wall", "realtime" */
    uint64_t frequency; /* of TIMER_TSC, Hz */
    char *mode;
    unsigned catchup_threshold, catchup_slew, catchup_limit;
} Timer;

typedef struct Clock {
    ClockOffset offset;
    int64_t adjustment0; /* live: what a variable one was at start */
    char *adjustment;    /* of utc and localtime "reset" or seconds; of variable seconds */
    ClockBasis basis;    /* of variable */
    char *timezone;
    int64_t start;     /* of absolute: seconds since 1970 */
    GPtrArray *timers; /* of Timer */
} Clock;

extern XmlElement clock_element;
