#!/usr/bin/env bash
# Makes the root folder of a system: Debian's packages as they come, and ours installed in it. Not for what a system settles besides.
# usage: packaging/image/debian.sh ROOT PACKAGE.deb CACHE PACKAGES [DROP...]
#   ROOT      the folder, which is made
#   PACKAGE   ours
#   CACHE     where Debian's part is kept, by the list of its packages; it is fetched once
#   PACKAGES  Debian's, with commas between them
#   DROP      paths that are left out
# ARTC_DEBIAN_MIRROR is where packages come from. Root is needed for owners.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '3,9s/^# //p' "$0" >&2; exit 64; }
root=$1 package=$(realpath "$2") cache=$3 packages=$4
shift 4
drop=("$@")
mirror=${ARTC_DEBIAN_MIRROR:-http://deb.debian.org/debian}
[ "$(id -u)" -eq 0 ] || { echo "debian.sh: only root can make files that belong to others" >&2; exit 77; }

omit=('/usr/share/doc/*' '/usr/share/locale/*' '/usr/share/man/*')
key=$(printf '%s ' bookworm "$packages" "${omit[@]}" "${drop[@]}" | sha256sum | cut -c1-12)
base=$cache/debian-$key.tar
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -e "$base" ]; then
    rm -f "$cache"/debian-*.tar*
    echo "debian.sh: fetching Debian's part" >&2
    mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" "${omit[@]/#/--dpkgopt=path-exclude=}" \
        --customize-hook="cd \"\$1\" && rm -rf ${drop[*]}" bookworm "$cache/new.tar" "deb $mirror bookworm main" >&2
    mv "$cache/new.tar" "$base"
fi

mkdir "$root"
tar -C "$root" -xpf "$base"
# As for any image: scripts of the package run outside of it and take DPKG_ROOT.
said=$(dpkg --root="$root" --force-script-chrootless -i "$package" 2>&1) || { echo "$said" >&2; exit 1; }
