#!/usr/bin/env bash
# Makes the Debian package of a built program.
# usage: packaging/deb.sh PROGRAM MAN-PAGE FOLDER   (PROGRAM for the architecture $DEB_HOST_ARCH, or this machine's)
# For another architecture: `setup/cross.sh TARGET packaging/deb.sh ...`, which knows that one's libraries; NATIVE_PROGRAM is a program of
# this machine's, which writes the completions of shells.
# packaging/debian/package.sh says what else the environment may.
set -euo pipefail
[ $# -eq 3 ] || { sed -n '3,5s/^# //p' "$0" >&2; exit 64; }
program=$(realpath "$1") man=$(realpath "$2") out=$(realpath -m "$3")
cd "$(dirname "$0")/.."
# shellcheck source=packaging/debian/package.sh
. packaging/debian/package.sh
begin artc-edge "$program"

put 644 config.toml etc/artc-edge/config.toml
for unit in packaging/systemd/*.service; do put 644 "$unit" "lib/systemd/system/${unit##*/}"; done
put 644 packaging/systemd/sysusers.conf usr/lib/sysusers.d/artc-edge.conf
put 644 packaging/systemd/tmpfiles.conf usr/lib/tmpfiles.d/artc-edge.conf
put 644 packaging/systemd/udev.rules lib/udev/rules.d/60-artc-edge.rules
put 644 packaging/systemd/artc-edge.catalog usr/lib/systemd/catalog/artc-edge.catalog
put 644 packaging/polkit.rules usr/share/polkit-1/rules.d/60-artc-edge.rules
for document in docs/firmware.md docs/control.md docs/authority.md docs/boards.md SECURITY.md; do
    put 644 "$document" "usr/share/doc/artc-edge/${document##*/}"
done
put 644 packaging/debian/lintian-overrides usr/share/lintian/overrides/artc-edge
put 644 "$man" usr/share/man/man1/artc-edge.1
if [ "$arch" = "$(dpkg --print-architecture)" ]; then complete=$program; else complete=${NATIVE_PROGRAM:-}; fi
if [ -n "$complete" ]; then
    mkdir -p "$tree/usr/share/bash-completion/completions" "$tree/usr/share/zsh/vendor-completions" "$tree/usr/share/fish/vendor_completions.d"
    "$complete" completions bash >"$tree/usr/share/bash-completion/completions/artc-edge"
    "$complete" completions zsh >"$tree/usr/share/zsh/vendor-completions/_artc-edge"
    "$complete" completions fish >"$tree/usr/share/fish/vendor_completions.d/artc-edge.fish"
fi
gzip -9n "$tree/usr/share/man/man1/artc-edge.1"

finish packaging/debian "init-system-helpers (>= 1.54~), systemd | systemd-sysusers, systemd | systemd-tmpfiles" "$out" <<END
Recommends: polkitd | policykit-1
Section: video
Priority: optional
Description: camera and microphone of this device in a real-time room
 Turns a Linux box with a camera and a microphone into a participant of a
 real-time room: V4L2 and ALSA in, H.264 and Opus over WebRTC out, commands
 over the data channel. The room server and a viewer page are inside; any
 LiveKit server will do as well.
END
