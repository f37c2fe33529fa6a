#!/usr/bin/env bash
# The device's system with a program in it: package, authority of bundles and image, in the folder that ARTC_SYSTEM_WORK names.
# usage: tests/system/system.sh PROGRAM
set -euo pipefail
[ $# -eq 1 ] || { sed -n '3s/^# //p' "$0" >&2; exit 64; }
program=$(realpath "$1") work=${ARTC_SYSTEM_WORK:?}
cd "$(dirname "$0")/../.."
mkdir -p "$work"
strip --strip-all -o "$work/artc-edge" "$program"
# No manual page is in the image; the package wants one.
echo '.TH ARTC-EDGE 1' >"$work/artc-edge.1"
rm -rf "$work/deb"
package=$(DEB_LEVEL=0 packaging/deb.sh "$work/artc-edge" "$work/artc-edge.1" "$work/deb")
[ -e "$work/certificate.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=Bundles of the bench" -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
tests/system/image.sh "$package" "$work/certificate.pem" "$work/root.img"
