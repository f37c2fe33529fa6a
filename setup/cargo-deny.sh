#!/usr/bin/env bash
# Runs cargo-deny, built once from crates.io into target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
exec "$(setup/from-crates-io.sh cargo-deny "$version")/cargo-deny" "$@"
