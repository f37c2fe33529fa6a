#!/bin/bash
# Fuzzes every target for so many seconds each: tests/fuzz.sh [SECONDS [TARGET...]]. Exits with 1 when one broke, and then says which
# file breaks it: put that into fuzz/regressions/TARGET/, where every test run looks.
# What was found interesting is kept in target/fuzz/TARGET/ and is where the next run begins.
set -eu -o pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
shift || true
if [ $# -gt 0 ]; then targets=("$@"); else targets=(command config h264 mjpeg received signalling signed); fi

# Of the workspace, not of the package alone: that would resolve other features than the workspace has, and most dependencies would be
# built once more.
RUSTC_WORKSPACE_WRAPPER="$PWD/fuzz/sancov.sh" cargo build --release --locked --quiet --workspace --bin fuzz --features fuzz/libfuzzer

# One at a time on each core.
fuzz() {
    local target=$1 folder=target/fuzz/$1 log=target/fuzz/$1.log known
    mkdir -p "$folder" "target/fuzz/found/$target"
    known=("$folder")
    [ ! -d "fuzz/regressions/$target" ] || known+=("fuzz/regressions/$target")
    if FUZZ_TARGET=$target FUZZ_SEEDS=$folder target/release/fuzz -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -max_len=16000 -print_final_stats=1 -artifact_prefix="target/fuzz/found/$target/" "${known[@]}" >"$log" 2>&1; then
        echo "fuzz $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, nothing found"
    else
        echo "fuzz $target: BROKEN"
        grep -E "panicked at|ERROR: |Test unit written" -A2 "$log" || tail -20 "$log"
        return 1
    fi
}

export -f fuzz
export seconds
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I TARGET bash -c 'fuzz TARGET'
