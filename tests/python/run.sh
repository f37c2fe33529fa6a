#!/bin/sh
# The vendor's Python modules over our engine, from the wheel as a user installs it, against a room of the running daemon.
set -eu
cd "$(dirname "$0")/../.."
make --no-print-directory python
python=$(setup/python.sh)
room=${CARGO_TARGET_DIR:-target}/release/artc-edge
[ -x "$room" ] || cargo build --release --locked --quiet --bin artc-edge
modules=target/python/modules
rm -rf "$modules"
"$python" -m pip install --quiet --disable-pip-version-check --no-index --target "$modules" target/wheels/artc_open-*.whl
PYTHONPATH="$modules:tests/python" PYTHONDONTWRITEBYTECODE=1 ARTC_EDGE="$room" exec "$python" tests/python/main.py "$@"
