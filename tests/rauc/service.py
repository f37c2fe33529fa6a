"""A service that answers as RAUC's does (de.pengutronix.rauc.Installer), with two slots in memory and bundles that are JSON files.

It lives on the bus of DBUS_SYSTEM_BUS_ADDRESS, prints "ready" when it can be called, and installs a quarter each time its progress is
asked for, so that nothing in a test waits for a clock. A bundle may say how it goes: "stays" is installed until somebody has systemd
end RAUC, "guarded" likewise, but systemd refuses that once and it is installed then, "crashes" ends RAUC by itself.

It is also systemd, as far as that is asked to end RAUC: what is ended has forgotten everything when it is called again.
"""

import json
import os

import dbus
import dbus.bus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

INTERFACE = "de.pengutronix.rauc.Installer"


class Failed(dbus.DBusException):
    _dbus_error_name = "org.gtk.GDBus.UnmappedGError.Quark._r_2dinstall_2derror.Code0"


class Rauc(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, "/")
        self.forget()
        self.primary = "rootfs.0"
        self.slots = {
            "rootfs.0": {"class": "rootfs", "state": "booted", "bootname": "A", "boot-status": "good", "bundle.version": "1.0"},
            "rootfs.1": {"class": "rootfs", "state": "inactive", "bootname": "B", "boot-status": "bad"},
        }

    def forget(self):
        self.operation = "idle"
        self.progress = (0, "", 0)
        self.last_error = ""
        self.installing = None
        self.guarded = False

    def says(self, what):
        try:
            return bool(self.installing and self.bundle(self.installing).get(what))
        except Failed:
            return False

    def bundle(self, path):
        try:
            with open(path, encoding="utf-8") as file:
                bundle = json.load(file)
        except (OSError, ValueError) as why:
            raise Failed(f"failed to open bundle: {why}") from why
        if not bundle.get("signed"):
            raise Failed("signature verification failed: Verify error: self-signed certificate")
        return bundle

    @dbus.service.method(INTERFACE, in_signature="sa{sv}", out_signature="")
    def InstallBundle(self, source, args):
        if self.operation != "idle":
            raise Failed("already processing a different method")
        self.operation = "installing"
        self.progress = (0, "Installing", 1)
        self.last_error = ""
        self.installing = source
        self.slots["rootfs.1"]["boot-status"] = "bad"
        self.guarded = self.says("guarded")

    @dbus.service.method(INTERFACE, in_signature="sa{sv}", out_signature="a{sv}")
    def InspectBundle(self, bundle, args):
        held = self.bundle(bundle)
        update = dbus.Dictionary({key: held[key] for key in ("compatible", "version", "description")}, signature="sv")
        return dbus.Dictionary({"manifest-hash": "0" * 64, "update": update}, signature="sv")

    @dbus.service.method(INTERFACE, in_signature="ss", out_signature="ss")
    def Mark(self, state, slot):
        other = next(name for name, held in self.slots.items() if held["state"] != "booted")
        name = {"booted": "rootfs.0", "other": other}.get(slot)
        if name is None:
            raise Failed(f"unknown slot {slot}")
        if state == "active":
            self.primary = name
            return name, f"activated slot {name}"
        self.slots[name]["boot-status"] = state
        return name, f"marked slot {name} as {state}"

    @dbus.service.method(INTERFACE, in_signature="", out_signature="a(sa{sv})")
    def GetSlotStatus(self):
        if self.operation != "idle":
            raise Failed("already processing a different method")
        return [(name, dbus.Dictionary(held, signature="sv")) for name, held in self.slots.items()]

    @dbus.service.method(INTERFACE, in_signature="", out_signature="s")
    def GetPrimary(self):
        return self.primary

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        if name == "Operation":
            return self.operation
        if name == "Progress":
            self.advance()
            percent, step, depth = self.progress
            return dbus.Struct((dbus.Int32(percent), step, dbus.Int32(depth)), signature="isi")
        return {"LastError": self.last_error, "Compatible": "test-gate", "BootSlot": "A"}[name]

    def advance(self):
        if self.installing is None:
            return
        if self.says("crashes") and self.progress[0] == 50:
            self.forget()
            return
        percent = self.progress[0] + 25
        if self.guarded or self.says("stays"):
            percent = min(percent, 50)
        if percent < 100:
            self.progress = (percent, "Copying image to rootfs.1", 3)
            return
        try:
            bundle = self.bundle(self.installing)
            self.slots["rootfs.1"].update({"bundle.version": bundle["version"], "boot-status": "good"})
            self.primary = "rootfs.1"
            self.progress = (100, "Installing done.", 1)
        except Failed as why:
            self.last_error = why.get_dbus_message()
            self.progress = (100, "Installing failed.", 1)
        self.operation = "idle"
        self.installing = None


class Systemd(dbus.service.Object):
    def __init__(self, bus, rauc):
        super().__init__(bus, "/org/freedesktop/systemd1")
        self.rauc = rauc

    @dbus.service.method("org.freedesktop.systemd1.Manager", in_signature="ss", out_signature="o")
    def StopUnit(self, unit, mode):
        assert (unit, mode) == ("rauc.service", "replace")
        if self.rauc.guarded:
            self.rauc.guarded = False
            raise dbus.DBusException("Access denied", name="org.freedesktop.DBus.Error.AccessDenied")
        self.rauc.forget()
        return dbus.ObjectPath("/org/freedesktop/systemd1/job/1")


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.bus.BusConnection(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
    name = dbus.service.BusName("de.pengutronix.rauc", bus)
    service = Rauc(bus)
    manager = dbus.service.BusName("org.freedesktop.systemd1", bus)
    systemd = Systemd(bus, service)
    print("ready", flush=True)
    GLib.MainLoop().run()
    del name, service, manager, systemd


main()
