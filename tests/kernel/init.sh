#!/bin/sh
# The guest's process 1. The root is the host's own tree, read-only; over it goes a layer of memory, so that a scenario may
# write anywhere and leaves nothing behind. Then it runs the command that boot.sh left, notes its exit code, and powers off.
# `bench` (kernel command line) is the folder on the host where boot.sh left the command and looks for results.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
die() { echo "init.sh: $*" >/dev/console; echo 125 >/run/bench/exit; echo o >/proc/sysrq-trigger; sleep 60; }

if [ "$1" != inside ]; then
  mount -t proc proc /proc
  exec </dev/console >/dev/console 2>&1
  mount -t tmpfs -o mode=755 memory /mnt && mkdir /mnt/upper /mnt/work /mnt/root &&
    mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work root /mnt/root || die "no writable root"
  cd /mnt/root
  mkdir -p mnt/host
  mount -t proc proc proc
  mount -t sysfs sys sys
  mount -t devtmpfs dev dev
  mount -t tmpfs -o mode=755 run run
  pivot_root . mnt/host || die "the root cannot be changed"
  exec chroot . /bin/sh "$0" inside <dev/console >dev/console 2>&1
fi

mkdir -p /dev/pts /dev/shm /run/bench /run/lock
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t configfs configfs /sys/kernel/config
mount -t debugfs debugfs /sys/kernel/debug
mount -t hostfs -o "$bench" results /run/bench || die "$bench cannot be mounted"
umount -l /mnt/host
ip link set lo up
hostname bench
ulimit -c 0
. /run/bench/environment

if [ -t 0 ] && [ "$interactive" = yes ]; then
  setsid -c sh /run/bench/command </dev/console >/dev/console 2>&1
else
  setsid sh /run/bench/command </dev/null
fi
echo $? >/run/bench/exit
dmesg >/run/bench/dmesg 2>/dev/null
sync
echo o >/proc/sysrq-trigger
sleep 60
