/* implicit.c - devices that a guest has though its definition does not say so */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "implicit.h"

#include "address.h"
#include "board.h"
#include "model/order.h"

/* ---- controllers ---- */

Controller *add_controller(Domain *domain, ControllerType type, ControllerModel model,
                           int64_t index)
{
    Controller *controller = g_new0(Controller, 1);

    controller->type = type;
    controller->model = model;
    controller->index = optional(index);
    list_add(&domain->controllers, controller);
    return controller;
}

static void need_controller(Domain *domain, ControllerType type, ControllerModel model,
                            int64_t index)
{
    if (!domain_controller(domain, type, index))
        add_controller(domain, type, model, index);
}

/* All up to the index, since disks number their controllers through. */
static void need_controllers_to(Domain *domain, ControllerType type, int64_t last)
{
    for (int64_t index = 0; index <= last; index++)
        need_controller(domain, type, MODEL_NONE, index);
}

static void add_hostdev_controllers(Domain *domain)
{
    for (LIST_EACH(Hostdev, hostdev, domain->hostdevs)) {
        if (hostdev->info.address.type == ADDRESS_DRIVE)
            need_controllers_to(domain, CONTROLLER_SCSI, hostdev->info.address.drive.controller);
    }
}

static void add_machine_controllers(Domain *domain, Board board)
{
    if (board == BOARD_I440FX || board == BOARD_Q35)
        need_controller(domain, CONTROLLER_USB, MODEL_NONE, 0);
    if (board == BOARD_Q35)
        need_controller(domain, CONTROLLER_SATA, MODEL_NONE, 0);
    if (board_has_pcie(board))
        need_controller(domain, CONTROLLER_PCI, MODEL_PCIE_ROOT, 0);
    else if (board == BOARD_I440FX || board == BOARD_S390)
        need_controller(domain, CONTROLLER_PCI, MODEL_PCI_ROOT, 0);
}

static void add_disk_controllers(Domain *domain)
{
    static const struct {
        DiskBus bus;
        ControllerType type;
    } buses[] = {
        { DISK_BUS_SCSI, CONTROLLER_SCSI },
        { DISK_BUS_FDC, CONTROLLER_FDC },
        { DISK_BUS_IDE, CONTROLLER_IDE },
        { DISK_BUS_SATA, CONTROLLER_SATA },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(buses); i++) {
        int64_t last = -1;

        for (LIST_EACH(Disk, disk, domain->disks)) {
            if (disk->bus == buses[i].bus && disk->info.address.type == ADDRESS_DRIVE)
                last = MAX(last, disk->info.address.drive.controller);
        }
        need_controllers_to(domain, buses[i].type, last);
    }
}

static void add_character_controllers(Domain *domain)
{
    int64_t last = -1;

    for (LIST_EACH(Channel, channel, domain->channels)) {
        if (channel->type != CHANNEL_VIRTIO)
            continue;
        last = MAX(last, 0);
        if (channel->info.address.type == ADDRESS_VIRTIO_SERIAL)
            last = MAX(last, channel->info.address.virtio_serial.controller);
    }
    for (LIST_EACH(Console, console, domain->consoles)) {
        if (console->type == CONSOLE_VIRTIO)
            last = MAX(last, 0);
    }
    need_controllers_to(domain, CONTROLLER_VIRTIO_SERIAL, last);
    if (list_length(domain->smartcards))
        need_controller(domain, CONTROLLER_CCID, MODEL_NONE, 0);
}

static bool check_controllers(const Domain *domain, Board board, GError **error)
{
    const Controller *root = domain_controller(domain, CONTROLLER_PCI, 0);
    ControllerModel expected = board_has_pcie(board) ? MODEL_PCIE_ROOT : MODEL_PCI_ROOT;

    if (root && root->model && root->model != expected)
        return fail(error, ERR_XML,
                    "the PCI controller with index '0' must be of model '%s' for this machine, "
                    "not '%s'",
                    controller_model_names[expected], controller_model_names[root->model]);
    for (LIST_EACH(Controller, controller, domain->controllers)) {
        if (controller->type == CONTROLLER_IDE &&
            (board != BOARD_I440FX || controller->index.value > 0))
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "the machine '%s' has no IDE controller '%d'", domain->os.machine,
                        (int) controller->index.value);
    }
    return true;
}

/* ---- keyboard, mouse ---- */

static void need_input(Domain *domain, InputType type)
{
    Input *input;

    for (LIST_EACH(Input, other, domain->inputs)) {
        if (other->type == type && (!other->bus || other->bus == INPUT_PS2))
            return;
    }
    input = g_new0(Input, 1);
    input->type = type;
    input->bus = INPUT_PS2;
    list_add(&domain->inputs, input);
}

/* ---- consoles ---- */

static bool serial_is_console(const Serial *serial)
{
    return serial->type != SERIAL_USB && serial->type != SERIAL_PCI &&
           serial->type != SERIAL_ISA_DEBUG;
}

/* The first console is not a device of its own but the first serial port. */
static bool console_is_serial(const Console *console)
{
    return console->type == CONSOLE_SERIAL || !console->type;
}

static void copy_source(Console *console, const Serial *serial)
{
    xml_clear(&char_source_element, &console->source);
    char_source_copy(&console->source, &serial->source);
    console->type = CONSOLE_SERIAL;
    console->port = serial->port;
}

static Console *console_insert(Domain *domain)
{
    Console *console = g_new0(Console, 1);

    list_insert(&domain->consoles, 0, console);
    return console;
}

static void serial_from_console(Domain *domain, Console *console)
{
    Serial *serial = g_new0(Serial, 1);

    char_source_copy(&serial->source, &console->source);
    serial->port = optional(0);
    list_add(&domain->serials, serial);
}

static void complete_first_console(Domain *domain)
{
    Console *console = list_length(domain->consoles) ? domain->consoles->pdata[0] : NULL;
    Serial *serial;

    if (console && console_is_serial(console) && !list_length(domain->serials))
        serial_from_console(domain, console);
    serial = list_length(domain->serials) ? domain->serials->pdata[0] : NULL;
    if (!serial || !serial_is_console(serial))
        return;
    if (!console || !console_is_serial(console))
        console = console_insert(domain);
    copy_source(console, serial);
}

static bool complete_consoles(Domain *domain, Board board, GError **error)
{
    for (unsigned i = 1; i < list_length(domain->consoles); i++) {
        const Console *console = domain->consoles->pdata[i];

        if (console_is_serial(console))
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "only the first console can be a serial port");
    }
    if (board == BOARD_S390 && list_length(domain->consoles) && !list_length(domain->serials)) {
        Console *console = domain->consoles->pdata[0];

        if (!console->type)
            console->type = CONSOLE_SCLP;
    }
    complete_first_console(domain);
    return true;
}

/* ---- screen and sound ---- */

static void complete_screen(Domain *domain)
{
    bool has_primary = false;

    if (list_length(domain->graphics) && !list_length(domain->videos))
        list_add(&domain->videos, g_new0(Video, 1));
    for (LIST_EACH(Video, video, domain->videos))
        has_primary = has_primary || video->primary == SWITCH_ON;
    if (list_length(domain->videos) && !has_primary) {
        Video *first = domain->videos->pdata[0];

        if (first->model != VIDEO_NONE)
            first->primary = SWITCH_ON;
    }
}

/* Sound goes where the screen goes; screens in a window of ours have sound of their own. */
static void complete_audio(Domain *domain)
{
    AudioType type = list_length(domain->graphics) ? AUDIO_ABSENT : AUDIO_NONE;
    Audio *audio;

    for (LIST_EACH(Graphics, graphics, domain->graphics)) {
        if (graphics->type == GRAPHICS_SPICE)
            type = AUDIO_SPICE;
        else if (graphics->type == GRAPHICS_VNC && !type)
            type = AUDIO_NONE;
    }
    if (list_length(domain->audios) || !type)
        return;
    audio = g_new0(Audio, 1);
    audio->id = optional(1);
    audio->type = type;
    list_add(&domain->audios, audio);
}

static bool check_audio(const Domain *domain, GError **error)
{
    for (LIST_EACH(Audio, audio, domain->audios)) {
        unsigned same = 0;

        for (LIST_EACH(Audio, other, domain->audios))
            same += other->id.value == audio->id.value;
        if (same > 1)
            return fail(error, ERR_XML, "audio ID %d is used multiple times",
                        (int) audio->id.value);
    }
    for (LIST_EACH(Sound, sound, domain->sounds)) {
        bool found = !sound->audio.given;

        for (LIST_EACH(Audio, audio, domain->audios))
            found = found || audio->id.value == sound->audio.value;
        if (!found)
            return fail(error, ERR_XML, "no audio device with ID %d", (int) sound->audio.value);
    }
    return true;
}

static void complete_balloon(Domain *domain)
{
    Balloon *balloon;

    if (list_length(domain->balloons))
        return;
    balloon = g_new0(Balloon, 1);
    balloon->model = BALLOON_VIRTIO;
    list_add(&domain->balloons, balloon);
}

static void complete_panics(Domain *domain, Board board)
{
    if (board == BOARD_S390 && !list_length(domain->panics))
        list_add(&domain->panics, g_new0(Panic, 1));
}

bool add_implicit(Domain *domain, GError **error)
{
    Board board = board_of(domain);

    if (!assign_drives(domain, error))
        return false;
    add_hostdev_controllers(domain);
    add_machine_controllers(domain, board);
    add_disk_controllers(domain);
    add_character_controllers(domain);
    if (!check_controllers(domain, board, error) || !complete_consoles(domain, board, error))
        return false;
    if (board_is_pc(board)) {
        need_input(domain, INPUT_MOUSE);
        need_input(domain, INPUT_KEYBOARD);
    }
    complete_screen(domain);
    complete_audio(domain);
    complete_balloon(domain);
    complete_panics(domain, board);
    return check_audio(domain, error);
}
