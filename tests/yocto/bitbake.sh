#!/usr/bin/env bash
# Has bitbake itself look at the layer: parse it, expand the daemon's recipe, plan the images, and run yocto-check-layer. Nothing is fetched
# or built. The first parse of a tree takes minutes; its cache stays in TREE/build-artc-edge-*.
# usage: tests/yocto/bitbake.sh TREE [one_system|two_systems|check_layer]...   (TREE has bitbake/ and openembedded-core/, and layers that
#        are wanted beside them; without words the first, and the second where there is meta-rauc)
set -euo pipefail
[ $# -ge 1 ] || { sed -n '4,5s/^# //p' "$0" >&2; exit 64; }
tree=$(realpath "$1")
repository=$(realpath "$(dirname "$0")/../..")
layer=$repository/yocto-layer/meta-artc-edge
for part in bitbake/bin/bitbake openembedded-core/meta/conf/layer.conf; do
    [ -e "$tree/$part" ] || { echo "$tree has no $part: check out bitbake and openembedded-core of one release there" >&2; exit 69; }
done

# bitbake refuses to run as root: then it runs as nobody, in folders that are nobody's.
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$tree"/build-artc-edge-{single,ab}
    chown -R nobody: "$tree"/build-artc-edge-{single,ab}
    make --no-print-directory -C "$repository" source-release >/dev/null
    exec setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$tree/build-artc-edge-single" "$0" "$@"
fi
[ -f "$repository/target/source/artc-edge-$(sed -n 's/^version = "\(.*\)"/\1/p' "$repository/Cargo.toml" | head -1).tar.xz" ] ||
    make --no-print-directory -C "$repository" source-release >/dev/null

export PATH=$tree/bitbake/bin:$tree/openembedded-core/scripts:$PATH
others() { # KIND
    local found wanted=(meta-lts-mixins meta-clang)
    [ "$1" != ab ] || wanted+=(meta-rauc meta-raspberrypi)
    for found in "${wanted[@]}"; do
        [ ! -f "$tree/$found/conf/layer.conf" ] || echo "$tree/$found"
    done
}

# A build folder of its own for each kind of image: KIND MACHINE [LINE of local.conf...]
prepare() {
    local build=$tree/build-artc-edge-$1
    mkdir -p "$build/conf"
    printf '%s\n' 'POKY_BBLAYERS_CONF_VERSION = "2"' 'BBPATH = "${TOPDIR}"' 'BBFILES ?= ""' \
        "BBLAYERS = \"$tree/openembedded-core/meta $(others "$1" | tr '\n' ' ') ${LAYERS-$layer}\"" >"$build/conf/bblayers.conf"
    printf '%s\n' 'CONF_VERSION = "2"' "MACHINE = \"$2\"" 'INIT_MANAGER = "systemd"' 'BB_NO_NETWORK = "1"' 'CONNECTIVITY_CHECK_URIS = ""' \
        'INHERIT:remove = "uninative"' "${@:3}" >"$build/conf/local.conf"
    cd "$build"
    export BBPATH=$build BUILDDIR=$build
}

# The daemon's recipe, with everything put in.
expanded() {
    bitbake -e artc-edge >environment
    grep -q '^CARGO_BUILD_FLAGS=.*--frozen.*--profile dist' environment || { echo "artc-edge is not built with --frozen --profile dist" >&2; return 1; }
    [ "$(grep '^SRC_URI=' environment | grep -o 'crate://' | wc -l)" -gt 100 ] || { echo "artc-edge has lost its crates" >&2; return 1; }
}

# The plan of an image has to hold the daemon; what bitbake warns of in our own files is a failure.
planned() { # TARGET RECIPE
    bitbake -n "$1" 2>&1 | tee plan.log | tail -3
    bitbake -g "$1" >/dev/null 2>&1
    grep -qx "$2" pn-buildlist || { echo "$1 would be built without $2" >&2; return 1; }
    ! grep -E '^(WARNING|ERROR).*(artc|meta-artc-edge)' plan.log
}

one_system() {
    prepare single qemux86-64
    bitbake -p
    expanded
    planned artc-edge-image artc-edge
    planned artc-edge-image-dev dropbear
}

two_systems() {
    local machine machines=(qemux86-64)
    [ -d "$tree/meta-rauc" ] || { echo "$tree has no meta-rauc" >&2; return 69; }
    [ ! -d "$tree/meta-raspberrypi" ] || machines+=(raspberrypi4-64)
    for machine in "${machines[@]}"; do
        prepare ab "$machine" 'DISTRO_FEATURES:append = " artc-ab rauc"' 'EFI_PREFIX = "/efi"' 'RPI_USE_U_BOOT = "1"' \
            'PREFERRED_RPROVIDER_virtual-grub-bootconf = "artc-edge-grub"' 'LICENSE_FLAGS_ACCEPTED += "synaptics-killswitch"'
        expanded
        planned artc-edge-bundle artc-edge
    done
}

check_layer() {
    LAYERS='' prepare single qemux86-64
    yocto-check-layer --no-auto-dependency "$layer"
}

parts=("${@:2}")
[ ${#parts[@]} -gt 0 ] || parts=(one_system $([ ! -d "$tree/meta-rauc" ] || echo two_systems))
for part in "${parts[@]}"; do
    echo "--- $part"
    "$part"
done
