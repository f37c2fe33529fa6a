#!/usr/bin/env bash
# The Debian package of another architecture, around a program that stands for ours and is linked against the same library of ALSA.
# usage: setup/cross.sh aarch64|armv7 tests/arm/package.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '#include <alsa/asoundlib.h>\nint main(void) { return *snd_asoundlib_version() == 0; }\n' >"$work/program.c"
printf '.TH ARTC-EDGE 1\n.SH NAME\nartc-edge \\- stands for the manual page\n' >"$work/artc-edge.1"
libraries=("$ARTC_SYSROOT"/root/usr/lib/*-linux-gnu*)
# shellcheck disable=SC2086 # a program and its arguments
$TARGET_CC -O2 -fPIE -pie -Wl,-z,relro,-z,now -D_FORTIFY_SOURCE=2 -s -o "$work/artc-edge" "$work/program.c" "-L${libraries[0]}" -lasound
package=$(DEB_LEVEL=0 packaging/deb.sh "$work/artc-edge" "$work/artc-edge.1" "$work")

says() { dpkg-deb -f "$package" "$1" | grep -q "$2" || { echo "FAILED: $1 of ${package##*/} is $(dpkg-deb -f "$package" "$1"), not $2"; exit 1; }; }
says Architecture "^$DEB_HOST_ARCH\$"
# By the symbols that it uses, of that architecture's packages.
says Depends 'libasound2 (>= [0-9]'
says Depends 'libc6 (>= [0-9]'
lintian --fail-on error,warning --tag-display-limit 0 "$package" || { echo "FAILED: lintian on ${package##*/}"; exit 1; }
echo "test result: ok. 4 passed; 0 failed"
