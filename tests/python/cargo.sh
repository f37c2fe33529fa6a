#!/bin/sh
# As CARGO of maturin: what maturin wants to compile is compiled with the rest of the workspace, the daemon and the sdk engine's tests, so
# that each dependency has the features that it has in every other stage and none is compiled again. A wheel by `make python` alone differs
# in nothing else but symbols, which are cut off there.
set -eu
[ "$1" = rustc ] || exec cargo "$@"
# What maturin tells PyO3 about this Python: the stable ABI needs none of it, and PyO3 would be compiled for it once more.
unset PYO3_PYTHON PYO3_ENVIRONMENT_SIGNATURE PYO3_CONFIG_FILE PYO3_NO_PYTHON PYO3_BUILD_EXTENSION_MODULE PYTHON_SYS_EXECUTABLE CARGO
# The Makefile hides an environment of the caller's from maturin; none is not the same as an empty one.
[ -n "${VIRTUAL_ENV-}" ] || unset VIRTUAL_ENV
exec cargo build --release --locked --workspace --lib --bin artc-edge --test sdk --message-format json-render-diagnostics
