#!/bin/sh
# Mixed recordings in a bucket: a server of S3's protocol (moto, from PyPI) in a virtual environment of its own, and the test that talks to it.
set -eu
cd "$(dirname "$0")/../.."
home=target/mixing
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT
[ -x "$home/bin/moto_server" ] || {
    python3 -m venv "$home"
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[server]==5.1.*'
}
: > "$home/log" # else the port that one before had may be read
"$home/bin/moto_server" -H 127.0.0.1 -p 0 > "$home/log" 2>&1 &
server=$!
tries=0
until port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\)$|\1|p' "$home/log" | head -n 1) && [ -n "$port" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] && kill -0 "$server" || { cat "$home/log"; echo "no S3 server"; exit 1; }
    sleep 0.1
done
export ARTC_S3_ENDPOINT="http://127.0.0.1:$port" ARTC_S3_BUCKET=recordings ARTC_S3_KEY_ID=id ARTC_S3_KEY=a-secret-key
"$home/bin/python" - <<'PY'
import os, time, urllib.error, urllib.request
request = urllib.request.Request(os.environ["ARTC_S3_ENDPOINT"] + "/" + os.environ["ARTC_S3_BUCKET"], method="PUT")
ends = time.monotonic() + 60
while True:
    try:
        urllib.request.urlopen(request).read()
        break
    except urllib.error.URLError:
        if time.monotonic() > ends:
            raise
        time.sleep(0.1)
PY
${CARGO:-cargo test --release --locked} --workspace --test s3 -- --ignored
