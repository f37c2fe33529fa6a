#!/usr/bin/env bash
# Prints the path of the bench's kernel, a user-mode Linux; builds it once where there is none yet (about ten minutes of
# two cores, 2 GB of disk while it builds, 11 MB afterwards).
#
#   ARTC_KERNEL=PATH        a ready kernel, plain or .xz: nothing is built
#   ARTC_CACHE=DIR          where kernels are kept (default ~/.cache/artc-edge)
#   ARTC_KERNEL_SOURCE=PATH a kernel source tree or linux-source tarball: nothing is downloaded
#   ARTC_KERNEL_SUITES=".." Debian suites to look in (default "trixie bookworm-backports")
#   ARTC_DEBIAN_MIRROR=URL  default http://deb.debian.org/debian
#
# The source is Debian's linux-source package, also on Ubuntu: fetched by a private apt that leaves the machine's own
# lists and sources alone and checks Debian's signatures. No root needed.
set -euo pipefail
shopt -s nullglob

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${ARTC_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME or ARTC_CACHE must be set}/.cache}/artc-edge}/kernel
config=$here/kernel.config
suites=${ARTC_KERNEL_SUITES:-trixie bookworm-backports}
mirror=${ARTC_DEBIAN_MIRROR:-http://deb.debian.org/debian}

say() { echo "kernel.sh: $*" >&2; }
die() { say "$@"; say "or name a ready user-mode Linux kernel: ARTC_KERNEL=PATH"; exit 1; }

ready() { # PATH: unpack if it is packed, print
  local path=$1 packed
  [ -r "$path" ] || { say "ARTC_KERNEL=$path cannot be read"; exit 1; }
  case $path in
    *.xz)
      packed=$cache/ready-$(sha256sum <"$path" | cut -c1-16)
      if [ ! -x "$packed" ]; then
        mkdir -p "$cache"
        xz -dc "$path" >"$packed.$$" && chmod +x "$packed.$$" && mv "$packed.$$" "$packed"
      fi
      path=$packed ;;
    *) [ -x "$path" ] || { say "ARTC_KERNEL=$path is not executable"; exit 1; } ;;
  esac
  realpath "$path"
}

if [ -n "${ARTC_KERNEL:-}" ]; then ready "$ARTC_KERNEL"; exit 0; fi
[ "$(uname -sm)" = "Linux x86_64" ] || die "the bench's kernel is built on x86-64 Linux; this is $(uname -sm)"

# One kernel per configuration; the source's version is part of the file's name. Any version already built will do.
key=$(sha256sum <"$config" | cut -c1-12)
kept=("$cache"/linux-*-"$key")
if [ ${#kept[@]} -gt 0 ]; then printf '%s\n' "${kept[@]}" | sort -V | tail -1; exit 0; fi

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
kept=("$cache"/linux-*-"$key") # somebody else may have built it while this waited
if [ ${#kept[@]} -gt 0 ]; then printf '%s\n' "${kept[@]}" | sort -V | tail -1; exit 0; fi

missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need gcc gcc; need make make; need flex flex; need bison bison; need bc bc; need xz xz-utils; need perl perl
[ -n "${ARTC_KERNEL_SOURCE:-}" ] || { need apt-get apt; need dpkg-deb dpkg; }
echo '#include <libelf.h>' | gcc -E - >/dev/null 2>&1 || missing+=(libelf-dev)
if [ ${#missing[@]} -gt 0 ]; then die "to build the bench's kernel, install: apt-get install ${missing[*]}"; fi

rm -rf "$cache"/build.?????? # what a killed build left
work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$cache/build.log
: >"$log"

fetch() { # Debian's linux-source package into $work/source.deb; its version into $version
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg apt=$work/apt name suite
  mkdir -p "$apt"/{lists/partial,cache/archives/partial,sources}
  if [ ! -r "$keyring" ]; then # Ubuntu has Debian's keys as a package of its own, signed by Ubuntu
    (cd "$apt" && apt-get download debian-archive-keyring >>"$log" 2>&1 && dpkg-deb -x debian-archive-keyring_*.deb keys) ||
      die "Debian's archive keys are not here: apt-get install debian-archive-keyring"
    keyring=$apt/keys/usr/share/keyrings/debian-archive-keyring.gpg
  fi
  cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/sources";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$apt/cache";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "3";
CONF
  # Suites move to the archive when they are old; take the first that has a linux-source.
  for suite in $suites; do
    cat >"$apt/sources/debian.sources" <<SRC
Types: deb
URIs: $mirror
Suites: $suite
Components: main
Architectures: amd64
Signed-By: $keyring
SRC
    say "looking for linux-source in Debian's $suite"
    APT_CONFIG=$apt/apt.conf apt-get update -q >>"$log" 2>&1 || continue
    name=$(APT_CONFIG=$apt/apt.conf apt-cache search --names-only '^linux-source-[67]\.[0-9]+$' | cut -d' ' -f1 | sort -V | tail -1)
    [ -n "$name" ] || continue
    say "fetching $name from $suite (150 MB)"
    (cd "$work" && APT_CONFIG=$apt/apt.conf apt-get download "$name" >>"$log" 2>&1) || continue
    mv "$work"/linux-source-*.deb "$work/source.deb"
    return 0
  done
  tail -5 "$log" >&2
  die "no linux-source package could be fetched from $mirror (suites: $suites); log: $log"
}

src=$work/src
mkdir "$src"
if [ -n "${ARTC_KERNEL_SOURCE:-}" ]; then
  if [ -d "$ARTC_KERNEL_SOURCE" ]; then src=$(realpath "$ARTC_KERNEL_SOURCE"); else tar -xf "$ARTC_KERNEL_SOURCE" -C "$src" --strip-components=1; fi
else
  fetch
  dpkg-deb --fsys-tarfile "$work/source.deb" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' | tar -xJ -C "$src" --strip-components=1
  rm -f "$work/source.deb"
fi
[ -f "$src/arch/um/Makefile" ] || die "${ARTC_KERNEL_SOURCE:-linux-source} has no arch/um: not a kernel source"
version=$(make -s -C "$src" kernelversion)

out=$work/out
mkdir "$out"
cp "$config" "$out/.config"
make -C "$src" ARCH=um O="$out" olddefconfig >>"$log" 2>&1 || { tail -5 "$log" >&2; die "configuration failed; log: $log"; }
# An option that quietly did not take would be a scenario that quietly tests nothing.
lost=$(grep -E '^(CONFIG_|# CONFIG_.* is not set)' "$config" | while read -r line; do
  case $line in
    CONFIG_*) grep -qxF -- "$line" "$out/.config" || echo "$line" ;;
    *) name=${line#\# }; if grep -q "^${name% is not set}=" "$out/.config"; then echo "$line"; fi ;;
  esac
done)
[ -z "$lost" ] || die "Linux $version does not take these lines of kernel.config:"$'\n'"$lost"

say "building user-mode Linux $version with $(nproc) jobs, about ten minutes on two cores; log: $log"
nice make -C "$src" ARCH=um O="$out" -j"$(nproc)" linux >>"$log" 2>&1 || { grep -E 'error|Error' "$log" | tail -5 >&2; die "the build failed; log: $log"; }
kernel=$cache/linux-$version-$key
strip -o "$kernel.$$" "$out/linux"
mv "$kernel.$$" "$kernel"
echo "$kernel"
