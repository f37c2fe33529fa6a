#!/usr/bin/env bash
# Every test of the project, stage by stage; one failing stage does not hide the next. Logs stay in target/test-logs.
# usage: tests/run.sh [STAGE...]   (all stages when none is named)
set -uo pipefail
cd "$(dirname "$0")/.."

logs=target/test-logs
mkdir -p "$logs"
all=(setup web lint build rust deb clients network python browser kernel fuzz)
stages=("$@")
[ $# -eq 0 ] && stages=("${all[@]}")
summary=()
passed=0
failed=0

run_stage() {
    case "$1" in
        setup) setup/packages.sh test ;;
        web) make --no-print-directory web && (PATH="$(setup/node.sh):$PATH"; cd web && npm test --silent) ;;
        lint) make --no-print-directory lint ;;
        build) cargo build --release --locked --workspace --all-targets ;;
        rust) cargo test --release --locked --workspace --no-fail-fast ;;
        deb) tests/deb/run.sh ;;
        clients) tests/clients/run.sh ;;
        network) tests/network/run.sh ;;
        python) tests/python/run.sh ;;
        browser) PATH="$(setup/node.sh):$PATH" tests/browser/run.sh ;;
        kernel) tests/kernel/run.sh ;;
        fuzz) tests/fuzz.sh 10 ;;
        *) echo "no stage $1 (there are: ${all[*]})" >&2; return 64 ;;
    esac
}

# Sums what a stage's runners (cargo test, node --test, vitest) say in their closing lines: $1 is "pass" or "fail", $2 the log.
count() {
    sed 's/\x1b\[[0-9;]*m//g' "$2" | awk -v what="$1" '
        /^test result:/ { n += what == "pass" ? $4 : $6 }
        $1 ~ /^(#|ℹ)$/ && $2 == what && $3 ~ /^[0-9]+$/ { n += $3 }
        /^ +Tests / { for (i = 2; i <= NF; i++) if ($i ~ "^" what "ed") n += $(i - 1) }
        END { print n + 0 }'
}

for stage in "${stages[@]}"; do
    echo "=== $stage"
    start=$SECONDS
    log="$logs/$stage.log"
    run_stage "$stage" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    ok=$(count pass "$log")
    bad=$(count fail "$log")
    verdict=ok
    if [ "$status" -ne 0 ]; then
        verdict="FAILED ($status)"
        [ "$bad" -gt 0 ] || bad=1
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    summary+=("$(printf '%-8s %5ds %5d passed  %s' "$stage" $((SECONDS - start)) "$ok" "$verdict")")
done

printf '\n'
printf '%s\n' "${summary[@]}"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
