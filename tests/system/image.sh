#!/usr/bin/env bash
# Makes the device's system: Debian's packages and ours, as an ext4 image whose files belong to whom they shall.
# usage: tests/system/image.sh PACKAGE.deb CERTIFICATE.pem IMAGE   (CERTIFICATE: whose bundles it installs)
# Debian's part is kept in tests/.cache, by the list of its packages; it is fetched once. Root is needed for owners, mounts are not.
set -euo pipefail
[ $# -eq 3 ] || { sed -n '3,4s/^# //p' "$0" >&2; exit 64; }
package=$(realpath "$1") certificate=$(realpath "$2") image=$(realpath -m "$3")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# polkitd lets the daemon restart the machine and end an installation; the rest is the least that such a device has.
packages=systemd,systemd-sysv,udev,dbus,rauc,rauc-service,polkitd,init-system-helpers,libasound2,libgcc-s1,dosfstools,e2fsprogs
# What only serves while packages are set up, or knows devices that are not here: an installation writes each byte of the system.
drop=(usr/share/perl 'usr/lib/x86_64-linux-gnu/perl' 'usr/lib/x86_64-linux-gnu/gconv' usr/share/zoneinfo usr/lib/udev/hwdb.d usr/lib/udev/hwdb.bin 'var/cache/*' 'var/lib/apt')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
"$here/../../packaging/image/debian.sh" "$root" "$package" "$here/../.cache/system" "$packages" "${drop[@]}"
tar -C "$here/root" --owner=0 --group=0 -cf - . | tar -C "$root" --no-same-permissions --no-overwrite-dir -xf -
install -m 644 "$certificate" "$root/etc/rauc/certificate.pem"
for unit in bench-agent bench-lines; do
    ln -sf "/etc/systemd/system/$unit.service" "$root/etc/systemd/system/multi-user.target.wants/$unit.service"
done
# Nobody logs in; nothing waits for a network that is not there. What upkeep of a computer is, starts processes, which are dear here.
for unit in getty.target apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
    kmod-static-nodes.service modprobe@.service systemd-modules-load.service systemd-networkd.socket systemd-pcrphase.service \
    systemd-pcrphase-sysinit.service systemd-pstore.service systemd-initctl.socket systemd-user-sessions.service systemd-update-utmp.service \
    systemd-update-utmp-runlevel.service sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-hugepages.mount \
    dev-mqueue.mount proc-sys-fs-binfmt_misc.automount systemd-fsckd.socket; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
: >"$root/etc/machine-id"
rm -f "$image"
mke2fs -q -F -t ext4 -E root_owner=0:0,lazy_itable_init=1 -O ^has_journal -b 4096 -d "$root" "$image" "${ARTC_SLOT_MIB:-192}M" >/dev/null
tune2fs -O has_journal -J size=8 "$image" >/dev/null 2>&1
