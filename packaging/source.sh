#!/usr/bin/env bash
# Makes the archive that distributions build from: the last commit, and the viewer page built, so that a build needs neither Node.js nor the
# network for it. The same commit makes the same archive. What only packages the project (yocto-layer) is left out.
# usage: packaging/source.sh FOLDER   (after `make web`)
set -euo pipefail
[ $# -eq 1 ] || { sed -n '4s/^# //p' "$0" >&2; exit 64; }
mkdir -p "$1"
out=$(realpath "$1")
cd "$(dirname "$0")/.."
[ -f web/dist/index.html ] || { echo "the viewer page is not built: run make web" >&2; exit 69; }

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
name=artc-edge-$version
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git archive --prefix="$name/" HEAD -- . ':(exclude)yocto-layer' | tar -x -C "$work"
mkdir -p "$work/$name/web/dist"
cp -R web/dist/. "$work/$name/web/dist"
find "$work/$name/web/dist" -name '*.map' -delete
tar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode=u+rw,go+r-w,a+X --format=gnu -C "$work" -c "$name" |
    xz -6 -T1 >"$work/archive"
mv "$work/archive" "$out/$name.tar.xz"
(cd "$out" && sha256sum "$name.tar.xz" | tee "$name.tar.xz.sha256")
