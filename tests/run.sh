#!/usr/bin/env bash
# Every test of the project, stage by stage; one failing stage does not hide the next. Logs stay in target/test-logs.
# usage: tests/run.sh [STAGE...]   (all stages when none is named)
#
# Where all run, those that only compile go on beside the others, which mostly wait: at the lowest priority and in a target folder of
# their own, because cargo lets one in at a time. A stage of tests that fails runs once more: a shared machine may stand still for
# seconds. What failed the first time is named in the summary all the same, and is a defect.
set -uo pipefail
cd "$(dirname "$0")/.."

logs=target/test-logs
mkdir -p "$logs"
all=(setup web build rust deb clients network python browser mixing kernel system fuzz)
beside=(servers lint yocto arm)
stages=("$@")
whole=no
if [ $# -eq 0 ]; then
    stages=("${all[@]}")
    whole=yes
fi

run_stage() {
    # What daemons remember, among it that they were killed, is no other stage's.
    export XDG_STATE_HOME=$PWD/target/test-state/$1
    rm -rf "$XDG_STATE_HOME"
    case "$1" in
        setup) setup/packages.sh test ;;
        web) make --no-print-directory web && (PATH="$(setup/node.sh):$PATH"; cd web && npm test --silent) ;;
        lint) make --no-print-directory lint ;;
        build) cargo build --release --locked --workspace --all-targets ;;
        rust) cargo test --release --locked --workspace --no-fail-fast ;;
        deb) tests/deb/run.sh ;;
        yocto) tests/yocto/run.sh ;;
        arm) tests/arm/run.sh ;;
        servers) tests/clients/livekit-server.sh ;;
        clients) tests/clients/run.sh ;;
        network) tests/network/run.sh ;;
        python) tests/python/run.sh ;;
        browser) PATH="$(setup/node.sh):$PATH" tests/browser/run.sh ;;
        mixing) tests/mixing/run.sh ;;
        kernel) tests/kernel/run.sh ;;
        system) tests/system/run.sh ;;
        fuzz) tests/fuzz.sh 10 ;;
        *) echo "no stage $1 (there are: ${all[*]} ${beside[*]})" >&2; return 64 ;;
    esac
}

# Whether a stage's failure can be the machine's.
has_tests() { [[ " rust arm deb clients network python browser mixing kernel system " == *" $1 "* ]]; }

# Sums what a stage's runners (cargo test, node --test, vitest) say in their closing lines: $1 is "pass" or "fail", $2 the log.
count() {
    sed 's/\x1b\[[0-9;]*m//g' "$2" | awk -v what="$1" '
        /^test result:/ { n += what == "pass" ? $4 : $6 }
        $1 ~ /^(#|ℹ)$/ && $2 == what && $3 ~ /^[0-9]+$/ { n += $3 }
        /^ +Tests / { for (i = 2; i <= NF; i++) if ($i ~ "^" what "ed") n += $(i - 1) }
        END { print n + 0 }'
}

# The names that a stage's runners give to what failed.
failures() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | grep -E '^test .* FAILED$|^(FAILED|FAIL|ERROR): |^ *(not ok|✖) ' | sort -u | head -20 | sed 's/^/    /'
}

# Runs a stage; "passed failed verdict" go into its .result, what failed at first into its .unsteady.
stage() {
    local name=$1 start=$SECONDS status log="$logs/$1.log" verdict=ok ok bad
    rm -f "$logs/$name.unsteady"
    run_stage "$name" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    if [ "$status" -ne 0 ] && has_tests "$name"; then
        mv "$log" "$logs/$name.first.log"
        echo "=== $name failed ($status) and runs once more"
        run_stage "$name" 2>&1 | tee "$log"
        status=${PIPESTATUS[0]}
        if [ "$status" -eq 0 ]; then
            verdict="ok the second time"
            failures "$logs/$name.first.log" >"$logs/$name.unsteady"
        fi
    fi
    ok=$(count pass "$log")
    bad=$(count fail "$log")
    if [ "$status" -ne 0 ]; then
        verdict="FAILED ($status)"
        [ "$bad" -gt 0 ] || bad=1
    fi
    printf '%d %d %-8s %5ds %5d passed  %s\n' "$ok" "$bad" "$name" $((SECONDS - start)) "$ok" "$verdict" >"$logs/$name.result"
}

start_beside() {
    for name in "${beside[@]}"; do
        (CARGO_TARGET_DIR=target/beside nice -n 19 tests/run.sh "$name" >"$logs/$name.beside.log" 2>&1) &
    done
}

trap 'jobs -p | xargs -r kill 2>/dev/null' EXIT
ran=()
for name in "${stages[@]}"; do
    echo "=== $name"
    stage "$name"
    ran+=("$name")
    # From here on there is everything that they need, and the cores are no longer wanted by the build.
    [ "$whole-$name" != yes-build ] || start_beside
done
if [ "$whole" = yes ]; then
    wait
    for name in "${beside[@]}"; do
        echo "=== $name"
        cat "$logs/$name.log"
        ran+=("$name")
    done
fi

printf '\n'
passed=0
failed=0
for name in "${ran[@]}"; do
    read -r ok bad line <"$logs/$name.result"
    passed=$((passed + ok))
    failed=$((failed + bad))
    echo "$line"
    [ ! -s "$logs/$name.unsteady" ] || { echo "  failed the first time:"; cat "$logs/$name.unsteady"; }
done
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
