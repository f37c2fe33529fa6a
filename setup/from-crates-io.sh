#!/bin/sh
# Keeps a cargo tool, built once from crates.io, and prints the folder of its programs.
# usage: setup/from-crates-io.sh NAME VERSION
set -eu
[ $# -eq 2 ] || { echo "usage: $0 NAME VERSION" >&2; exit 64; }
cd "$(dirname "$0")/.."
folder=$PWD/target/tools/$1-$2
if [ ! -x "$folder/bin/$1" ]; then
    echo "building $1 $2 from crates.io into $folder" >&2
    CARGO_TARGET_DIR=target/tools/build cargo install -q --locked --version "$2" --root "$folder" "$1" >&2
fi
printf '%s\n' "$folder/bin"
