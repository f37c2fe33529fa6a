#!/bin/sh
# As RUSTC_WORKSPACE_WRAPPER: compiles the workspace's own crates with the coverage counters that libFuzzer reads, with overflow checks
# and debug assertions. Build scripts and proc macros run at build time and have no libFuzzer to report to, so they stay as they are.
for argument; do
    case "$argument" in
    build_script_*|proc-macro) exec "$@" ;;
    esac
done
exec "$@" --cfg fuzzing -Cdebug-assertions -Coverflow-checks -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
