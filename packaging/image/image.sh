#!/usr/bin/env bash
# Makes a disk that boots (UEFI, x86-64) of Debian's packages and ours: two read-only systems of which RAUC writes the one that does not run,
# GRUB, which counts attempts, and a partition that outlives updates; and the same system as a signed bundle for RAUC.
# usage: packaging/image/image.sh PACKAGE.deb KEYS FOLDER
#   KEYS    holds ca.cert.pem (what devices believe), signing.cert.pem and signing.key.pem (what signs the bundle)
#   FOLDER  gets artc-edge-amd64.img and artc-edge-amd64.raucb
# Root is needed for owners; mounts and loop devices are not. ARTC_ROOT_MIB, ARTC_DATA_MIB: sizes; ARTC_DEBIAN_MIRROR: where packages come from.
set -euo pipefail
[ $# -eq 3 ] || { sed -n '4,8s/^# //p' "$0" >&2; exit 64; }
package=$(realpath "$1") keys=$(realpath "$2") out=$(realpath -m "$3")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
layer=$here/../../yocto-layer/meta-artc-edge
system=$layer/recipes-artc/artc-edge-system/files
root_mib=${ARTC_ROOT_MIB:-1024} data_mib=${ARTC_DATA_MIB:-512} efi_mib=64
compatible=artc-edge-debian-amd64

packages=systemd,systemd-sysv,systemd-resolved,systemd-timesyncd,udev,dbus,rauc,rauc-service,polkitd,init-system-helpers,libasound2,libgcc-s1
packages+=,dosfstools,e2fsprogs,kmod,iproute2,ca-certificates,linux-image-amd64,initramfs-tools,zstd,grub-common
drop=('var/cache/*' var/lib/apt)

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
"$here/debian.sh" "$root" "$package" "$out/cache" "$packages" "${drop[@]}"

# What every image of ours settles is the Yocto layer's to say; what is Debian's stands in root/.
tar -C "$here/root" --owner=0 --group=0 -cf - . | tar -C "$root" --no-same-permissions --no-overwrite-dir -xf -
put() { install -D -m 644 "$1" "$root/$2"; }
for unit in var-lib.mount efi.mount artc-edge-machine-id.service; do put "$system/$unit" "etc/systemd/system/$unit"; done
put "$system/journald.conf" etc/systemd/journald.conf.d/50-artc-edge.conf
put "$system/credentials.conf" etc/tmpfiles.d/artc-edge-credentials.conf
put "$system/boot-complete.conf" etc/systemd/system/boot-complete.target.d/50-artc-edge.conf
sed 's/@WATCHDOG@/14s/' "$system/watchdog.conf" >"$work/watchdog.conf"
put "$work/watchdog.conf" etc/systemd/system.conf.d/50-artc-edge.conf
sed "s/^compatible=.*/compatible=$compatible/" "$layer/dynamic-layers/rauc/recipes-core/rauc/files/x86-64/system.conf" >"$work/system.conf"
put "$work/system.conf" etc/rauc/system.conf
put "$keys/ca.cert.pem" etc/rauc/ca.cert.pem
systemctl --root="$root" --quiet enable var-lib.mount efi.mount artc-edge-machine-id.service systemd-networkd.service systemd-resolved.service
systemctl --root="$root" --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-firstboot.service systemd-pcrphase.service systemd-pcrphase-sysinit.service
ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
echo camera >"$root/etc/hostname"
: >"$root/etc/machine-id"
mkdir -p "$root/efi"
ln -sfn /efi "$root/boot/firmware"
# Under names that GRUB need not look for.
ln -sf "$(cd "$root/boot" && ls vmlinuz-* | tail -1)" "$root/boot/bzImage"
ln -sf "$(cd "$root/boot" && ls initrd.img-* | tail -1)" "$root/boot/initrd.img"

# Both systems begin as the same.
mke2fs -q -F -t ext4 -L rootA -E root_owner=0:0,lazy_itable_init=1 -d "$root" "$work/rootfs.ext4" "${root_mib}M" >/dev/null
mkdir "$work/data"
mke2fs -q -F -t ext4 -L artc-data -E root_owner=0:0 -d "$work/data" "$work/data.ext4" "${data_mib}M" >/dev/null

# GRUB looks beside itself for what to do, and for RAUC's record.
modules=(part_gpt fat ext2 normal linux echo test loadenv reboot)
grub-mkimage -O x86_64-efi -p /EFI/BOOT -o "$work/bootx64.efi" "${modules[@]}"
{ printf '# GRUB Environment Block\n'; printf '#%.0s' $(seq 999); } >"$work/grubenv"
mkfs.vfat -C -n EFI "$work/efi.vfat" $((efi_mib * 1024)) >/dev/null
mmd -i "$work/efi.vfat" ::EFI ::EFI/BOOT
mcopy -i "$work/efi.vfat" "$work/bootx64.efi" ::EFI/BOOT/BOOTX64.EFI
mcopy -i "$work/efi.vfat" "$layer/recipes-bsp/artc-edge-grub/files/grub.cfg" "$work/grubenv" ::EFI/BOOT/

# The disk: partitions in their places, holes left holes.
disk=$out/artc-edge-amd64.img
rm -f "$disk"
truncate -s $((efi_mib + 2 * root_mib + data_mib + 2))M "$disk"
sfdisk --quiet "$disk" <<END
label: gpt
start=1MiB, size=${efi_mib}MiB, type=uefi, name=esp
size=${root_mib}MiB, type=linux, name=rootA
size=${root_mib}MiB, type=linux, name=rootB
size=${data_mib}MiB, type=linux, name=data
END
at=1
for part in "efi.vfat $efi_mib" "rootfs.ext4 $root_mib" "rootfs.ext4 $root_mib" "data.ext4 $data_mib"; do
    read -r file size <<<"$part"
    dd if="$work/$file" of="$disk" bs=1M seek="$at" conv=sparse,notrunc status=none
    at=$((at + size))
done

# The update that a device with another version of it takes.
content=$work/content
mkdir "$content"
ln "$work/rootfs.ext4" "$content/rootfs.ext4"
version=$(dpkg-deb -f "$package" Version)
cat >"$content/manifest.raucm" <<END
[update]
compatible=$compatible
version=$version

[bundle]
format=verity

[image.rootfs]
filename=rootfs.ext4
END
rm -f "$out/artc-edge-amd64.raucb"
rauc bundle --cert="$keys/signing.cert.pem" --key="$keys/signing.key.pem" --keyring="$keys/ca.cert.pem" "$content" "$out/artc-edge-amd64.raucb" >/dev/null
echo "$disk"
echo "$out/artc-edge-amd64.raucb"
