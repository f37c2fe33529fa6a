#!/bin/sh
# The vendor's Python modules over our engine, from the wheel as a user installs it, against a room of the running daemon; then the sdk
# engine with these modules as its SDK: tests/sdk. ARTC_VENDOR_SDK=folder runs the contract on the vendor's own SDK, too.
set -eu
cd "$(dirname "$0")/../.."
CARGO="$PWD/tests/python/cargo.sh" make --no-print-directory python
python=$(setup/python.sh)
room=${CARGO_TARGET_DIR:-target}/release/artc-edge
modules=$PWD/target/python/modules
rm -rf "$modules"
"$python" -m pip install --quiet --disable-pip-version-check --no-index --target "$modules" target/wheels/artc_open-*.whl
PYTHONPATH="$modules:tests/python" PYTHONDONTWRITEBYTECODE=1 ARTC_EDGE="$room" "$python" tests/python/main.py "$@"
# With names of Python tests, these alone are wanted. One at a time: a test counts the children of its process.
[ $# -gt 0 ] || ARTC_SDK="$modules" exec cargo test --release --locked --workspace --test sdk -- --test-threads=1
