#!/usr/bin/env bash
# Makes the Debian package of the app server.
# usage: packaging/artc-room/deb.sh PROGRAM FOLDER   (PROGRAM for the architecture $DEB_HOST_ARCH, or this machine's)
# packaging/debian/package.sh says what else the environment may.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '3s/^# //p' "$0" >&2; exit 64; }
program=$(realpath "$1") out=$(realpath -m "$2")
cd "$(dirname "$0")/../.."
# shellcheck source=packaging/debian/package.sh
. packaging/debian/package.sh
begin artc-room "$program"

put 644 crates/artc-room/artc-room.toml etc/artc-room/artc-room.toml
put 644 packaging/artc-room/artc-room.service lib/systemd/system/artc-room.service
put 644 packaging/artc-room/sysusers.conf usr/lib/sysusers.d/artc-room.conf
put 644 packaging/artc-room/tmpfiles.conf usr/lib/tmpfiles.d/artc-room.conf
for document in docs/app-server.md docs/calls.md SECURITY.md; do put 644 "$document" "usr/share/doc/artc-room/${document##*/}"; done
put 644 packaging/artc-room/lintian-overrides usr/share/lintian/overrides/artc-room
put 644 packaging/artc-room/artc-room.1 usr/share/man/man1/artc-room.1
gzip -9n "$tree/usr/share/man/man1/artc-room.1"

finish packaging/artc-room/debian "init-system-helpers (>= 1.54~), systemd | systemd-sysusers, systemd | systemd-tmpfiles" "$out" <<END
Suggests: mosquitto
Section: video
Priority: optional
Description: app server of artc-edge devices
 A room that devices and browsers join, the calls that bring them there over
 an MQTT broker, and over HTTP logins, join tokens, the list of devices and
 mixed recordings in a folder or an S3 bucket.
END
