/* logind.c - plays logind's part in sleeping: fake-logind DIR, on the bus that the environment
 * names
 *
 * DIR/can lists what it can do ("suspend hibernate"), DIR/blocked what is inhibited ("sleep"); each
 * request is a line of DIR/log. While DIR/refuse is there requests fail, while DIR/slow is there
 * they are not answered. DIR/delay: how many seconds others may delay sleep. It says that the
 * machine goes to sleep, and at SIGUSR1 that it has woken up. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define MANAGER "org.freedesktop.login1.Manager"
#define PATH "/org/freedesktop/login1"

static int directory;
static int preparing;

static void read_file(const char *name, char *text, size_t size)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, text, size - 1);

    text[length > 0 ? length : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

static void write_log(const char *text)
{
    int fd = openat(directory, "log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

    if (dprintf(fd, "%s\n", text) < 0)
        perror("log");
    close(fd);
}

/* "CanSuspend" is yes when the file has the word "suspend". */
static int can(sd_bus_message *message, void *, sd_bus_error *)
{
    static const char *const words[][2] = { { "CanSuspend", "suspend" },
                                            { "CanHibernate", "hibernate" },
                                            { "CanHybridSleep", "hybrid" } };
    const char *answer = "na";
    char text[256];

    read_file("can", text, sizeof(text));
    for (size_t i = 0; i < 3; i++) {
        if (sd_bus_message_is_method_call(message, MANAGER, words[i][0]) &&
            strstr(text, words[i][1]))
            answer = "yes";
    }
    return sd_bus_reply_method_return(message, "s", answer);
}

static int blocked(sd_bus *, const char *, const char *, const char *, sd_bus_message *reply,
                   void *, sd_bus_error *)
{
    char text[256];

    read_file("blocked", text, sizeof(text));
    return sd_bus_message_append(reply, "s", text);
}

static int delay(sd_bus *, const char *, const char *, const char *, sd_bus_message *reply, void *,
                 sd_bus_error *)
{
    char text[256];

    read_file("delay", text, sizeof(text));
    return sd_bus_message_append(reply, "t", (uint64_t) strtoul(text, NULL, 10) * 1000000);
}

static int request(sd_bus_message *message, void *, sd_bus_error *error)
{
    sd_bus *bus = sd_bus_message_get_bus(message);
    int result;

    write_log(sd_bus_message_get_member(message));
    if (faccessat(directory, "refuse", F_OK, 0) == 0)
        return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "Not now");
    if (faccessat(directory, "slow", F_OK, 0) == 0)
        return 1;
    preparing = 1;
    result = sd_bus_reply_method_return(message, "");
    if (result >= 0)
        result = sd_bus_emit_signal(bus, PATH, MANAGER, "PrepareForSleep", "b", 1);
    return result;
}

static int is_preparing(sd_bus *, const char *, const char *, const char *, sd_bus_message *reply,
                        void *, sd_bus_error *)
{
    return sd_bus_message_append(reply, "b", preparing);
}

static int wake(sd_event_source *, const struct signalfd_siginfo *, void *bus)
{
    preparing = 0;
    return sd_bus_emit_signal(bus, PATH, MANAGER, "PrepareForSleep", "b", 0);
}

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("CanSuspend", "", "s", can, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("CanHibernate", "", "s", can, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("CanHybridSleep", "", "s", can, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("SuspendWithFlags", "t", "", request, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("HibernateWithFlags", "t", "", request, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("HybridSleepWithFlags", "t", "", request, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("BlockInhibited", "s", blocked, 0, 0),
    SD_BUS_PROPERTY("InhibitDelayMaxUSec", "t", delay, 0, 0),
    SD_BUS_PROPERTY("PreparingForSleep", "b", is_preparing, 0, 0),
    SD_BUS_SIGNAL("PrepareForSleep", "b", 0),
    SD_BUS_VTABLE_END,
};

int main(int argc, char **argv)
{
    sd_event *event = NULL;
    sd_bus *bus = NULL;
    sigset_t signals;
    int result;

    if (argc != 2 || (directory = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return 2;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    result = sd_event_default(&event);
    if (result >= 0)
        result = sd_bus_open_system(&bus);
    if (result >= 0)
        result = sd_bus_attach_event(bus, event, 0);
    if (result >= 0)
        result = sd_bus_add_object_vtable(bus, NULL, PATH, MANAGER, vtable, NULL);
    if (result >= 0)
        result = sd_event_add_signal(event, NULL, SIGUSR1, wake, bus);
    if (result >= 0)
        result = sd_bus_request_name(bus, "org.freedesktop.login1", 0);
    if (result >= 0) {
        write_log("ready");
        result = sd_event_loop(event);
    }
    fprintf(stderr, "fake-logind: %s\n", strerror(-result));
    return 1;
}
