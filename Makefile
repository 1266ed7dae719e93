# `make help` lists what there is. The scripts hold the work, so that they can be read and run alone.

.DEFAULT_GOAL := help
.PHONY: help run test attack simulate mutate build dist bench bench-all bench-check fuzz lint format certs clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: ## Start the gateway and a demo upstream on https://127.0.0.1:8443
	@scripts/run.sh

test: ## Lint, build, all tests, sanitizers
	@scripts/test.sh

attack: ## Attack the release binary and tell what it withstood (some minutes, loopback only)
	@scripts/install-dependencies.sh test
	swift build -c release
	.venv/bin/python Tests/Attacks/run.py $(ATTACKS)

# What is simulated: FIRST...LAST, or one seed, which is told in words when it fails.
SEEDS ?= $(or $(SEED),1...10000)

simulate: ## Simulate the core; SEEDS=1...100000 for more, SEED=7 replays one
	swift build -c release --product gatehouse-simulate
	.build/release/gatehouse-simulate $(SEEDS)

mutate: ## Plant known bugs one by one and see the simulation find them
	python3 scripts/mutate.py

build: ## Build for release
	@scripts/install-dependencies.sh build
	swift build -c release

dist: ## A release in dist/: a tarball with Swift's runtime linked in, and its SHA-256
	@scripts/dist.sh dist

bench: ## Measure against nghttpx (under 5 minutes)
	@scripts/install-dependencies.sh bench
	swift build -c release
	python3 benchmarks/run.py --memory

RESULTS ?= build/bench-all.json

bench-all: ## Measure against six others, into RESULTS (20 minutes)
	@scripts/install-dependencies.sh bench-all
	swift build -c release
	python3 benchmarks/everyone.py --into $(RESULTS)
	python3 benchmarks/memory.py --into $(RESULTS)
	python3 benchmarks/report.py $(RESULTS) --chart build/bench-all.svg

bench-check: ## Count instructions and allocations per request (minutes, not disturbed by noise)
	@scripts/install-dependencies.sh bench-check
	swift build -c release
	python3 benchmarks/check.py

fuzz: ## Fuzz every parser under AddressSanitizer for SECONDS (60) each; TARGETS names some
	@scripts/install-dependencies.sh build
	@scripts/fuzz.sh $(or $(SECONDS),60) $(TARGETS)

lint: ## Check the format of the sources
	swift format lint --strict -r Sources Tests Package.swift

format: ## Format the sources in place
	swift format -i -r Sources Tests Package.swift

certs: ## Make the development certificates in certs/
	scripts/make-certificates.sh certs

clean: ## Remove everything that was built
	rm -rf .build build dist .venv
