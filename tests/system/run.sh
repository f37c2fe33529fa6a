#!/usr/bin/env bash
# A whole device: Debian's systemd, RAUC and our package on disks of their own, in user-mode Linux.
# usage: tests/system/run.sh [TEST...]   (parts of names; all when none is named)
# ARTC_KERNEL names a ready kernel (tests/kernel/kernel.sh).
set -euo pipefail
cd "$(dirname "$0")/../.."
ARTC_KERNEL=$(tests/kernel/kernel.sh)
export ARTC_KERNEL
export ARTC_SYSTEM_WORK=$PWD/${CARGO_TARGET_DIR:-target}/system
release=${CARGO_TARGET_DIR:-target}/release
cargo build --release --locked --quiet --workspace --bin artc-edge --example man
work=$ARTC_SYSTEM_WORK
mkdir -p "$work"
strip --strip-all -o "$work/artc-edge" "$release/artc-edge"
"$release/examples/man" >"$work/artc-edge.1"
rm -rf "$work/deb"
package=$(DEB_LEVEL=0 packaging/deb.sh "$work/artc-edge" "$work/artc-edge.1" "$work/deb")
[ -e "$work/certificate.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=Bundles of the bench" -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
tests/system/image.sh "$package" "$work/certificate.pem" "$work/root.img"
exec python3 tests/system/stage.py "$@"
