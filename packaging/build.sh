#!/usr/bin/env bash
# Builds the program as it is shipped: small, without symbols, with the list of what it is made of inside (cargo-auditable), and the same to
# the last byte wherever it is built from the same sources by the same compilers.
# usage: packaging/build.sh aarch64|armv7|x86_64   (makes target/cross/TARGET/artc-edge; the viewer page must have been built)
# PROFILE says another profile than `dist`.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { sed -n '4s/^# //p' "$0" >&2; exit 64; }
target=$1
if [ "${ARTC_CROSS:-}" != "$target" ]; then exec setup/cross.sh "$target" env ARTC_CROSS="$target" "$0" "$target"; fi
profile=${PROFILE:-dist}
triple=$ARTC_CROSS_TRIPLE
built=${CARGO_TARGET_DIR:-$PWD/target}

# Where the sources lie is in messages of panics and in C's assertions; it would tell one building machine from another.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
for place in "$built=/target" "$PWD=/artc-edge" "${CARGO_HOME:-$HOME/.cargo}=/cargo"; do
    rust_flags="${rust_flags:-} --remap-path-prefix=$place"
    c_flags="${c_flags:-} -ffile-prefix-map=$place"
done
export RUSTFLAGS="${RUSTFLAGS:-}$rust_flags"
export "CFLAGS_${triple//-/_}=$c_flags" "CXXFLAGS_${triple//-/_}=$c_flags"

PATH="$(setup/from-crates-io.sh cargo-auditable 0.7.4):$PATH"
# Linked by the linker that comes with Rust: Debian 12's packs tables of addresses (build.rs) for x86 alone.
linker=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/gcc-ld
# The program alone is linked at 3: see Cargo.toml.
cargo auditable rustc --profile "$profile" --locked --target "$triple" --bin artc-edge -- \
    -C opt-level=3 -C link-arg=-fuse-ld=lld -C "link-arg=-B$linker"
mkdir -p "target/cross/$target"
"${ARTC_STRIP:-strip}" --strip-all -o "target/cross/$target/artc-edge" "$built/$triple/$profile/artc-edge"
