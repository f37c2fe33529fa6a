#!/usr/bin/env bash
# Keys made as docs/yocto.md says sign a bundle that each system of the layer takes by its own system.conf; one that is
# signed by somebody else is refused. RAUC itself does it all.
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

keys() { # FOLDER
    mkdir "$1"
    (cd "$1" && grep '^openssl ' "$repository/docs/yocto.md" | bash -euo pipefail) >/dev/null 2>&1
    for file in ca.cert.pem signing.cert.pem signing.key.pem; do
        [ -s "$1/$file" ] || { echo "the commands of docs/yocto.md make no $file" >&2; return 1; }
    done
}

bundle() { # KEYS COMPATIBLE OUT
    local content=$work/content
    rm -rf "$content"
    mkdir "$content"
    head -c 100000 /dev/urandom >"$content/rootfs.ext4"
    printf '[update]\ncompatible=%s\nversion=1\n\n[bundle]\nformat=verity\n\n[image.rootfs]\nfilename=rootfs.ext4\n' "$2" >"$content/manifest.raucm"
    rauc --cert="$1/signing.cert.pem" --key="$1/signing.key.pem" bundle "$content" "$3" >/dev/null 2>"$work/said" || { cat "$work/said" >&2; return 1; }
}

keys "$work/ours"
keys "$work/others"
bundle "$work/ours" artc-edge-board "$work/good.raucb"
bundle "$work/others" artc-edge-board "$work/forged.raucb"

for conf in yocto-layer/meta-artc-edge/dynamic-layers/rauc/recipes-core/rauc/files/*/system.conf; do
    system=$work/$(basename "$(dirname "$conf")")
    mkdir "$system"
    sed 's/@MACHINE@/board/' "$conf" >"$system/system.conf"
    cp "$work/ours/ca.cert.pem" "$system"
    rauc --conf="$system/system.conf" info "$work/good.raucb" >"$work/told" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
    compatible=$(sed -n 's/^compatible=//p' "$system/system.conf")
    grep -q "^Compatible:.*'$compatible'" "$work/told" || { echo "$conf: the bundle is for another board" >&2; exit 1; }
    if rauc --conf="$system/system.conf" info "$work/forged.raucb" >/dev/null 2>&1; then
        echo "$conf: a bundle that others signed is taken" >&2
        exit 1
    fi
done
