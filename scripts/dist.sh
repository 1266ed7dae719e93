#!/usr/bin/env bash
# A release as a tarball and its SHA-256: scripts/dist.sh [DIRECTORY] (dist); `make dist`.
#
#   GATEHOUSE_BINARY    a program that is built already
#   SOURCE_DATE_EPOCH   the time every file in the tarball bears; else that of the last commit
#
# Swift's runtime is linked into the program, so that it runs where no Swift is installed. The C
# libraries are not: docs/deploy.md says which, and why. From the same program and the same time
# comes the same tarball, byte for byte.
set -euo pipefail
directory=$(realpath -m "${1:-dist}")
cd "$(dirname "$0")/.."

build() {
    if [[ -n ${GATEHOUSE_BINARY:-} ]]; then
        program=$(realpath "$GATEHOUSE_BINARY")
        return
    fi
    local options=(-c release --product gatehouse --static-swift-stdlib --scratch-path .build/dist)
    scripts/install-dependencies.sh build
    swift build "${options[@]}"
    program=$(swift build "${options[@]}" --show-bin-path)/gatehouse
}

# What the tarball holds, under one folder.
collect() {
    install -D -m 0755 "$program" "$1/bin/gatehouse"
    strip --strip-all "$1/bin/gatehouse"
    install -D -m 0644 -t "$1" LICENSE README.md CHANGELOG.md
    install -D -m 0644 -t "$1/conf" conf/*.*
    install -D -m 0644 -t "$1/conf/grafana" conf/grafana/*
    install -D -m 0644 -t "$1/docs" docs/*.md
    install -D -m 0644 -t "$1/docs/decisions" docs/decisions/*.md
}

build
version=$("$program" version | awk '{ print $2 }')
name=gatehouse-$version-linux-$(uname -m)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
collect "$work/$name"
mkdir -p "$directory"
tar --create --sort=name --format=gnu --mtime="@$epoch" --owner=0 --group=0 --numeric-owner \
    --mode='u=rwX,go=rX' --directory "$work" "$name" | gzip -9 -n >"$directory/$name.tar.gz"
cd "$directory"
sha256sum "$name.tar.gz" >"$name.tar.gz.sha256"
printf '%s\n' "$directory/$name.tar.gz" "$directory/$name.tar.gz.sha256"
