#!/usr/bin/env bash
# Feeds every parser of hostile bytes, or the targets that are named, for so many seconds each.
#
#     scripts/fuzz.sh SECONDS [TARGET…]
#
# What the fuzzer learns stays in .build/fuzz-corpus; an input that fails is kept in build/fuzz. Exit 0
# only when nothing failed.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=$1
shift
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
    for folder in Tests/Fuzz/corpus/*/; do targets+=("$(basename "$folder")"); done
fi

package=(-c release --package-path Tests/Fuzz/Program --scratch-path .build/fuzz --sanitize=address)
swift build "${package[@]}" -Xswiftc -sanitize=fuzzer \
    -Xcc -fsanitize=fuzzer-no-link -Xcxx -fsanitize=fuzzer-no-link
program=$(swift build "${package[@]}" --show-bin-path)/gatehouse-fuzz

# The sanitizer and libFuzzer report a crash; Swift's own report would trip over the former.
export SWIFT_BACKTRACE=enable=no
mkdir -p build/fuzz
failed=0
for target in "${targets[@]}"; do
    printf '\n==> %s\n' "$target"
    learnt=.build/fuzz-corpus/$target
    mkdir -p "$learnt"
    folders=("$learnt" "Tests/Fuzz/corpus/$target")
    [[ -d Tests/Fuzz/regressions/$target ]] && folders+=("Tests/Fuzz/regressions/$target")
    log=build/fuzz/$target.log
    if ! "$program" "$target" -fork=0 -max_total_time="$seconds" -max_len=4096 -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/fuzz/$target." \
        "${folders[@]}" >"$log" 2>&1 </dev/null
    then
        failed=1
        grep -E -A 8 -m 1 'Fatal error|ERROR' "$log" || true
        printf 'the whole report: %s\n' "$log"
    fi
    grep -E 'DONE|Test unit written|number_of_executed|average_exec' "$log" || true
done
exit "$failed"
