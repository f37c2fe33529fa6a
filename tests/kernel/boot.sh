#!/usr/bin/env bash
# Runs a command inside the bench: boots the kernel on this machine's own files, runs the command there as root, ends
# with its exit code. Nothing it writes survives, except in /run/bench, which is the folder given with -o; its exit code
# is in FOLDER/exit then, and this process becomes the kernel: to pull the plug, kill it.
#
#   boot.sh [-m SIZE] [-o FOLDER] [-a "KERNEL ARGUMENTS"] [-i] COMMAND [ARGUMENT]...
#
#   -m SIZE     memory (default 1G; only what is touched is taken)
#   -o FOLDER   seen in the guest as /run/bench (default: a temporary folder)
#   -a ARGS     more kernel arguments, for example "vivid.n_devs=3" or "time-travel=inf-cpu"
#   -i          the terminal is the guest's console
#
# Needs neither root nor KVM: the kernel is a process like any other.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
memory=1G folder= arguments= interactive=no
while getopts m:o:a:i option; do
  case $option in
    m) memory=$OPTARG ;; o) folder=$(realpath "$OPTARG") ;; a) arguments=$OPTARG ;; i) interactive=yes ;;
    *) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 64; }

kernel=$("$here/kernel.sh")

# The guest's memory is a sparse file: in memory where there is room for it, else on disk.
room() { [ -d "$1" ] && [ -w "$1" ] && [ "$(df --output=avail -k "$1" | tail -1)" -gt 2000000 ] && ! findmnt -nT "$1" -o OPTIONS | grep -qw noexec; }
if room /dev/shm; then export TMPDIR=/dev/shm; elif room "${TMPDIR:-/tmp}"; then export TMPDIR=${TMPDIR:-/tmp}; else
  echo "boot.sh: neither /dev/shm nor ${TMPDIR:-/tmp} has 2 GB for the guest's memory (on a filesystem without noexec)" >&2; exit 69
fi

own=
if [ -z "$folder" ]; then folder=$(mktemp -d); own=$folder; fi
rm -f "$folder/exit"; mkdir -p "$folder/uml" # the kernel keeps its pid there instead of in ~/.uml
{
  printf 'export PATH=%q HOME=/root LANG=C.UTF-8 TERM=%q IN_BENCH=yes\n' "$PATH:/usr/sbin:/sbin" "${TERM:-dumb}"
  printf 'interactive=%s\n' "$interactive"
} >"$folder/environment"
{ printf 'cd %q\n' "$PWD"; printf 'exec'; printf ' %q' "$@"; echo; } >"$folder/command"

# Two vivid cameras, one with single-planar and one with multi-planar buffers, and nothing of vivid's but capture nodes.
vivid="vivid.n_devs=2 vivid.node_types=0x1,0x1 vivid.multiplanar=1,2"
console="con=null con0=null,fd:1"
[ "$interactive" = no ] || console="con=null con0=fd:0,fd:1"

# The kernel dies with whoever started it, and everything in the guest dies with the kernel.
# shellcheck disable=SC2206 # arguments are words
linux=(setpriv --pdeathsig KILL "$kernel" mem="$memory" rootfstype=hostfs rootflags=/ ro init="$here/init.sh" bench="$folder"
  uml_dir=./uml con=null quiet $vivid $arguments)

cd "$folder" # relative to it, so that the names of its sockets stay short
if [ "$interactive" = yes ]; then
  state=$(stty -g 2>/dev/null || true)
  "${linux[@]}" con0=fd:0,fd:1 || true
  [ -z "$state" ] || stty "$state"
elif [ -z "$own" ]; then
  exec "${linux[@]}" con0=null,fd:1 </dev/null
else
  "${linux[@]}" con0=null,fd:1 </dev/null || true
fi
if [ -f "$folder/exit" ]; then code=$(cat "$folder/exit"); else code=124; fi
[ -z "$own" ] || rm -rf "$own"
exit "$code"
