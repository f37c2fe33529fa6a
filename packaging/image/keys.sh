#!/usr/bin/env bash
# Makes an authority for updates in a folder that has none: keys for trying out. A maker has his own, and keeps them elsewhere.
# usage: packaging/image/keys.sh FOLDER
set -euo pipefail
[ $# -eq 1 ] || { sed -n '3s/^# //p' "$0" >&2; exit 64; }
if [ -e "$1/ca.cert.pem" ]; then exit 0; fi
echo "keys.sh: no ca.cert.pem in $1: keys for trying out are made there; whoever has them can update the devices that come from this image" >&2
mkdir -p "$1"
chmod 700 "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=artc-edge updates, for trying out" \
    -keyout "$1/signing.key.pem" -out "$1/signing.cert.pem" 2>/dev/null
cp "$1/signing.cert.pem" "$1/ca.cert.pem"
