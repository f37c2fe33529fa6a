#!/usr/bin/env bash
# Checks the Yocto layer: recipes by oelint-adv for both releases, kas files by kas's schema, crates by Cargo.lock, and that the source
# archive resolves without network from the very crates that the recipe fetches.
# With ARTC_YOCTO_TREE, a folder that has bitbake/ and openembedded-core/ (and meta-rauc/, meta-raspberrypi/, meta-clang/ where they are
# wanted), bitbake parses the layer, plans the image and runs yocto-check-layer, too: docs/yocto.md.
set -euo pipefail
cd "$(dirname "$0")/../.."

bin=$(setup/from-pypi.sh target/tools/yocto oelint-adv==9.11.2 kas==5.5)
passed=0
check() { # WHAT COMMAND...
    echo "--- $1"
    shift
    "$@"
    passed=$((passed + 1))
}

lint() {
    find yocto-layer/meta-artc-edge -name '*.bb' -o -name '*.bbappend' -o -name 'layer.conf' | sort |
        OELINT_CONFIG=yocto-layer/oelint.cfg xargs "$bin/oelint-adv" --quiet --relpaths --release "$1"
}

check "the crates of the recipe are those of Cargo.lock" yocto-layer/crates.py --check
check "recipes, scarthgap" lint scarthgap
check "recipes, wrynose" lint wrynose
check "kas files" "$bin/python" tests/yocto/kas_files.py
check "versions, licences, units: what the recipes say of the sources" python3 tests/yocto/says.py
check "bundles, by the keys that docs/yocto.md makes" tests/yocto/bundle.sh
check "the source archive resolves offline" tests/yocto/offline.sh

if [ -n "${ARTC_YOCTO_TREE:-}" ]; then
    check "bitbake" tests/yocto/bitbake.sh "$ARTC_YOCTO_TREE"
fi
echo "test result: ok. $passed passed; 0 failed"
