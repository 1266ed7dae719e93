#!/usr/bin/env bash
# Everything that must hold, in stages: `make test`. Each stage says how long it took.
#
# A failing build or lint ends the run; failing tests do not keep the other tests from running.
# Exit 0 only when every stage passed.
set -uo pipefail
cd "$(dirname "$0")/.."

reports=$PWD/build/test-results
rm -rf "$reports"
mkdir -p "$reports"
summary=()
failed=0
python=.venv/bin/python

# stage NAME COMMAND…: runs it, notes the outcome and the time.
stage() {
    local name=$1 begun=$SECONDS outcome=passed
    shift
    printf '\n==> %s\n' "$name"
    if ! "$@"; then
        outcome=FAILED
        failed=$((failed + 1))
        printf '%s\n' "$name" >>"$reports/failed-stages"
    fi
    summary+=("$(printf '%-44s %-7s %4d s' "$name" "$outcome" $((SECONDS - begun)))")
    [[ $outcome == passed ]]
}

finish() {
    printf '\n'
    printf '%s\n' "${summary[@]}"
    "${python:-python3}" scripts/count-tests.py "$reports"
    [[ $failed -eq 0 ]]
    exit
}

required() { stage "$@" || finish; }

unit_tests() { swift test --xunit-output "$reports/unit.xml"; }

conformance() {
    GATEHOUSE_BINARY=$1 "$python" -m pytest -q Tests/Conformance --junitxml "$reports/$2.xml" \
        "${@:3}"
}

# Machines and codecs under a sanitizer, then a short wire subset against the sanitized program.
# Left out: the relay itself (ProxyTests), whose games in memory take too long under a sanitizer and
# which the wire subset runs; MemoryReturnTests, which ask the C library's allocator, for a sanitizer
# has its own; XCTest (there are no XCTest tests), whose own leak would fail AddressSanitizer's run.
sanitized_build() {
    swift build --build-tests --sanitize="$1" --scratch-path ".build/$2" \
        && swift build --product gatehouse --sanitize="$1" --scratch-path ".build/$2"
}
sanitized_tests() {
    ASAN_OPTIONS=detect_leaks=0 swift test --skip-build --sanitize="$1" --scratch-path ".build/$2" \
        --disable-xctest --skip TidyTests --skip ProxyTests --skip MemoryReturnTests \
        --xunit-output "$reports/$2.xml"
}
# Every program of the wire subset must end without a leak (LeakSanitizer, part of the first); where
# it may not trace its own process, as in some containers, run with ASAN_OPTIONS=detect_leaks=0. The
# unit tests are not looked at for leaks.
sanitized_wire() { conformance ".build/$1/debug/gatehouse" "wire-$1" -m wire_short --timeout=300; }

export TSAN_OPTIONS=halt_on_error=0

required "dependencies" scripts/install-dependencies.sh test
required "format" swift format lint --strict -r Sources Tests Package.swift
required "release build" swift build -c release
release=$(swift build -c release --show-bin-path)/gatehouse
stage "unit tests (debug)" unit_tests
stage "simulation: 20,000 schedules (release)" \
    "$(dirname "$release")/gatehouse-simulate" 1...20000
stage "conformance (release)" conformance "$release" conformance
if stage "AddressSanitizer: build" sanitized_build address asan; then
    stage "AddressSanitizer: unit tests" sanitized_tests address asan
    stage "AddressSanitizer: wire subset" sanitized_wire asan
fi
if stage "ThreadSanitizer: build" sanitized_build thread tsan; then
    stage "ThreadSanitizer: unit tests" sanitized_tests thread tsan
    stage "ThreadSanitizer: wire subset" sanitized_wire tsan
fi
finish
