#!/bin/sh
# Makes the Python environment that builds the wheel and runs its tests. Prints the path of its interpreter. Does nothing when it is
# there already.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/target/python/venv
want="maturin==1.16.0 numpy==2.2.6"
if [ "$(cat "$venv/wanted" 2>/dev/null)" != "$want" ]; then
    python3 -m venv "$venv" >&2
    # shellcheck disable=SC2086 # two packages, two words
    "$venv/bin/pip" install --quiet --disable-pip-version-check $want >&2
    printf '%s\n' "$want" >"$venv/wanted"
fi
printf '%s\n' "$venv/bin/python"
