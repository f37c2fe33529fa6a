#!/usr/bin/env bash
# Proves that the program comes out the same to the last byte wherever it is built: builds the last commit twice, from two clones in folders of
# different names and depths, and compares programs and bills of materials. Two full builds: not in `make test`.
# usage: packaging/reproducible.sh [aarch64|armv7|x86_64]   (this machine's architecture if none is given; PROFILE as for packaging/build.sh)
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-$(uname -m | sed s/armv7l/armv7/)}
[ -z "$(git status --porcelain)" ] || echo "note: what is not committed is not in this" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p target/tools target/sysroot

for place in "$work/one" "$work/another/folder/deeper"; do
    git clone -q . "$place"
    mkdir -p "$place/target"
    # Tools and Debian's libraries are fetched once.
    ln -s "$PWD/target/tools" "$PWD/target/sysroot" "$place/target/"
    make -C "$place" --no-print-directory sbom TARGET="$target"
    mv "$place/target/cross/$target" "$work/$(basename "$place").made"
    rm -rf "$place"
done
for file in artc-edge artc-edge.cdx.json; do
    cmp "$work/one.made/$file" "$work/deeper.made/$file" || { echo "$file is another one in another folder" >&2; exit 1; }
    sha256sum "$work/one.made/$file" | sed "s|$work/one.made/||"
done
echo "the same twice: $target, profile ${PROFILE:-dist}, $(rustc --version)"
