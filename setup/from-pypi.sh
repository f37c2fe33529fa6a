#!/bin/sh
# Keeps packages from PyPI in a Python environment of their own, and prints the folder of its programs. Does nothing when just these
# are there already.
# usage: setup/from-pypi.sh FOLDER PACKAGE==VERSION...
set -eu
[ $# -ge 2 ] || { echo "usage: $0 FOLDER PACKAGE==VERSION..." >&2; exit 64; }
venv=$1
shift
is_there() {
    [ -x "$venv/bin/python" ] && [ "$(cat "$venv/wanted" 2>/dev/null)" = "$*" ]
}
mkdir -p "$venv"
venv=$(cd "$venv" && pwd)
if ! is_there "$@"; then
    # Jobs run side by side: one of them installs, the others wait.
    exec 9>"$venv.lock"
    flock 9
    if ! is_there "$@"; then
        echo "taking $* from PyPI into $venv" >&2
        python3 -m venv --clear "$venv" >&2
        "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
        printf '%s\n' "$*" >"$venv/wanted"
    fi
fi
printf '%s\n' "$venv/bin"
