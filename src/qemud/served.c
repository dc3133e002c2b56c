/* served.c - which elements of a definition qemud serves
 *
 * The tables of the model know all that definitions may hold. What is not listed here is refused
 * by its name, so that nobody gets a guest without something that he asked for. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "served.h"

#include "argv-os.h"
#include "dev-chardev.h"
#include "dev-controller.h"
#include "dev-disk.h"
#include "dev-graphics.h"
#include "dev-hostdev.h"
#include "dev-iface.h"
#include "dev-misc.h"
#include "dev-video.h"
#include "model/served.h"

#define PLACE " acpi/@index address/@type=pci|drive|virtio-serial|usb|isa|unassigned address/*"
#define CHAR_END                                                                                  \
    "@type source/@mode source/@path source/@append source/@host source/@service source/@tls=no " \
    "source/reconnect/* protocol/@type=raw|telnet log/*"
#define VIRTIO_DRIVER " driver/@iommu driver/@ats driver/@packed driver/@page_per_vq"

// clang-format off
static const ServedRow rows[] = {
    { "", "@type=qemu|kvm name uuid genid title description metadata" },
    { "", "memory memory/@dumpCore currentMemory vcpu vcpu/@placement=static vcpu/@current" },
    { "", "iothreads resource/partition=/machine on_poweroff=destroy|restart" },
    { "", "devices on_reboot=destroy|restart on_crash=destroy|restart|preserve pm/* devices/emulator" },
    { "iothreadids/iothread", "@id @thread_pool_min @thread_pool_max" },
    { "memoryBacking", "nosharepages source/@type=anonymous|memfd access/@mode "
                       "allocation/@mode allocation/@threads" },
    { "sysinfo", "*" },
    { "os", "@firmware type=hvm type/@arch type/@machine loader loader/* kernel initrd cmdline dtb "
            "acpi/table acpi/table/@type=slic bootmenu/* bios/* smbios/@mode=emulate|sysinfo" },
    { "os/firmware/feature", "*" },
    { "os/nvram", ". @template @type=file format/@type=raw source/@file" },
    { "os/boot", "@dev" },
    { "features", ". acpi apic apic/@eoi pae hap hap/@state pvspinlock/@state pmu pmu/@state "
                  "vmport/@state smm smm/* ioapic/@driver vmcoreinfo vmcoreinfo/@state "
                  "hyperv hyperv/* kvm/* tcg/*" },
    { "cpu", "@mode @match=minimum|exact @check @migratable model model/* vendor topology/* "
             "maxphysaddr/*" },
    { "cpu/cache", "*" },
    { "cpu/feature", "*" },
    { "clock", "@offset @adjustment @basis @timezone @start" },
    { "clock/timer", "@name=rtc|pit|hpet|tsc|kvmclock|hypervclock @present @frequency catchup/* "
                     "@tickpolicy=delay|catchup|discard @track=guest|wall|realtime" },

    { "devices/disk", "@type=file|block @device @model @snapshot driver/@name=qemu "
                      "driver/@type=raw|qcow2 driver/@cache driver/@error_policy "
                      "driver/@rerror_policy driver/@io driver/@ioeventfd driver/@event_idx "
                      "driver/@copy_on_read driver/@discard driver/@iothread "
                      "driver/@detect_zeroes driver/@queues driver/@queue_size "
                      "driver/metadata_cache/max_size source/@file source/@dev "
                      "source/@startupPolicy geometry/* blockio/* target/* iotune/* readonly "
                      "shareable serial wwn vendor product boot/@order" VIRTIO_DRIVER PLACE },
    { "devices/disk/backingStore", "@type=file|block format/@type=raw|qcow2 source/@file "
                                   "source/@dev" },
    { "devices/controller", "@type @index @model @ports @vectors driver/@queues "
                            "driver/@cmd_per_lun driver/@max_sectors driver/@ioeventfd "
                            "driver/@iothread model/@name target/@chassisNr target/@chassis "
                            "target/@port target/@busNr target/@hotplug master/@startport "
                            "pcihole64" VIRTIO_DRIVER PLACE },
    { "devices/interface", "@type=user|network|bridge|direct|ethernet|hostdev @managed "
                           "mac/@address mac/@type "
                           "source/@network source/@portgroup source/@bridge source/@dev "
                           "source/@mode target/@dev target/@managed=yes model/@type driver/@name "
                           "driver/@txmode driver/@ioeventfd driver/@event_idx driver/@queues "
                           "driver/@rx_queue_size driver/@tx_queue_size driver/@rss "
                           "driver/@rss_hash_report driver/host/* driver/guest/* vlan/* "
                           "virtualport virtualport/* bandwidth/* port/@isolated tune/sndbuf "
                           "link/@state mtu/@size boot/@order rom/*" VIRTIO_DRIVER PLACE },
    { "devices/interface/source/ip", "@family @address @prefix" },
    { "devices/interface/ip", "@family @address @prefix" },
    { "devices/serial", CHAR_END " target/*" PLACE },
    { "devices/serial/source", "*" },
    { "devices/parallel", CHAR_END " target/*" PLACE },
    { "devices/parallel/source", "*" },
    { "devices/console", CHAR_END " target/*" PLACE },
    { "devices/console/source", "*" },
    { "devices/channel", CHAR_END " target/*" PLACE },
    { "devices/channel/source", "*" },
    { "devices/interface/source/address", "@type=pci *" },
    { "devices/hostdev", "@mode=subsystem @type=pci|usb|mdev @managed @model=vfio-pci @display "
                         "driver/@name=vfio source/@startupPolicy source/@guestReset "
                         "source/vendor/@id source/product/@id source/address/@uuid boot/@order "
                         "rom/*" PLACE },
    { "devices/hostdev/source/address", "*" },
    { "devices/input", "@type @bus @model=virtio" VIRTIO_DRIVER PLACE },
    { "devices/graphics", "@type=vnc @port @autoport @websocket @socket @listen @keymap "
                          "@sharePolicy @passwd @passwdValidTo @connected=keep @powerControl "
                          "audio/@id" },
    { "devices/graphics/listen", "@type=none|address|socket @address @socket" },
    { "devices/sound", "@model @multichannel audio/@id" PLACE },
    { "devices/sound/codec", "@type" },
    { "devices/audio", "@id @type=none" },
    { "devices/video", "driver/@name=qemu model/@type model/@ram model/@vram model/@vram64 "
                       "model/@vgamem model/@heads model/@primary model/acceleration/@accel3d=no "
                       "model/acceleration/@accel2d=no model/resolution/*" VIRTIO_DRIVER PLACE },
    { "devices/hub", "@type=usb" PLACE },
    { "devices/watchdog", "@model @action=reset|shutdown|poweroff|pause|none|inject-nmi" PLACE },
    { "devices/memballoon", "@model @autodeflate @freePageReporting stats/@period"
                            VIRTIO_DRIVER PLACE },
    { "devices/rng", "@model rate/* backend backend/@model=random|builtin" VIRTIO_DRIVER PLACE },
    { "devices/panic", "@model" PLACE },
    { "devices/iommu", "@model driver/*" PLACE },
    { "seclabel", "@type=none|dynamic @model=dac @relabel" },
    { "commandline/arg", "*" },
    { "commandline/env", "*" },
    {},
};
// clang-format on

static ServedTable table = { rows };

bool served_has(const char *path, const char *value)
{
    return served_table_has(&table, path, value);
}

/* ---- what no single path can say ---- */

static bool check_devices(const Domain *guest, GError **error)
{
    for (LIST_EACH(Controller, controller, guest->controllers)) {
        if (!controller_check(guest, controller, error))
            return false;
    }
    for (LIST_EACH(Disk, disk, guest->disks)) {
        if (!disk_check(guest, disk, error))
            return false;
    }
    for (LIST_EACH(Iface, iface, guest->interfaces)) {
        if (!iface_check(guest, iface, error))
            return false;
    }
    for (LIST_EACH(Video, video, guest->videos)) {
        if (!video_check(guest, video, error))
            return false;
    }
    return true;
}

static bool check_actions(const Domain *guest, GError **error)
{
    return guest->on_reboot != ACTION_DESTROY || guest->on_poweroff != ACTION_RESTART ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "on_reboot 'destroy' together with on_poweroff 'restart' is not supported");
}

bool driver_check(const Domain *guest, GError **error)
{
    return served_table_check(&table, guest, error) && check_actions(guest, error) &&
           os_check(guest, error) && check_devices(guest, error) && misc_check(guest, error) &&
           hostdevs_check(guest, error) && chardevs_check(guest, error) &&
           graphics_check(guest, error);
}
