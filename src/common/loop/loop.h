/* loop.h - the main loop of a daemon: descriptors, timers, signals, work handed over by workers
 *
 * One thread runs it. Functions belong to that thread unless they say otherwise. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

void loop_run(void);
void loop_quit(void);    /* from any thread */
bool loop_is_mine(void); /* whether the caller is the loop's thread; from any thread */

/* Calls work(data) in the loop's thread, in the order of the calls. From any thread. */
typedef void LoopWork(void *data);
void loop_hop(LoopWork *work, void *data);

/* A descriptor that is waited for. ready() gets the EPOLL* events that are true; it may end the
 * watch. The descriptor stays the caller's and must be open until the watch has ended. */
typedef struct Watch Watch;
typedef void WatchReady(uint32_t events, void *data);
Watch *watch_new(int fd, uint32_t events, WatchReady *ready, void *data);
void watch_set(Watch *watch, uint32_t events);
void watch_end(Watch *watch); /* NULL is allowed; ready() is not called again */

/* Calls work(data) once, after that many milliseconds. */
typedef struct Timer Timer;
Timer *timer_new(unsigned milliseconds, LoopWork *work, void *data);
void timer_end(Timer *timer); /* NULL is allowed; not after work() has been called */

/* Calls work(data) in the loop for each such signal (SIGTERM, SIGINT, SIGHUP, SIGUSR1). */
void loop_on_signal(int signal, LoopWork *work, void *data);
