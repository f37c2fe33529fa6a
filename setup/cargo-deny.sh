#!/usr/bin/env bash
# Runs cargo-deny, built once from crates.io into target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
tool=target/tools/cargo-deny-$version/bin/cargo-deny
[ -x "$tool" ] || CARGO_TARGET_DIR=target/tools/build cargo install -q --locked --version "$version" --root "target/tools/cargo-deny-$version" cargo-deny
exec "$tool" "$@"
