#!/usr/bin/env bash
# A shell inside the bench, as root, with this machine's tools and this tree's binaries. Leave with exit.
# Arguments are boot.sh's: shell.sh -a "vivid.n_devs=1"
exec "$(dirname "${BASH_SOURCE[0]}")/boot.sh" -i "$@" bash --norc -i
