#!/bin/sh
# Makes the Python environment that builds the wheel and runs its tests. Prints the path of its interpreter.
set -eu
cd "$(dirname "$0")/.."
bin=$(setup/from-pypi.sh target/python/venv maturin==1.16.0 numpy==2.2.6)
echo "$bin/python"
