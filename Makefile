# make run    opens the studio on a sample project (in a browser where there is no display)
# make test   checks and tests everything; .ci/run calls exactly this
# make bench  measures, each line with its ratio
# make cuda   builds `salon` for NVIDIA GPUs, to run with or without one
# make fmt    formats everything

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# The network is for set-up, and there only for what is missing.
export CARGO_NET_OFFLINE := true
export CARGO_TERM_COLOR ?= auto

NODE_FOLDERS := ui tests/e2e src-tauri/crates/bundle/tests/node src-tauri/crates/contract/solidity
UI_SOURCES = $(shell find ui/src ui/public ui/index.html ui/*.json ui/*.ts ui/*.js -type f 2>/dev/null)

.PHONY: help run test bench cuda fmt ui set-up check-rust check-ui test-rust test-ui test-e2e

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

# One profile and one target folder serve run and test alike: nothing is built twice for them.
run:
	@if [ "$$(uname)" != Linux ] || [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]; then
	  .ci/set-up compiler window crates packages ui
	  $(MAKE) --no-print-directory ui/dist/index.html
	  exec cargo run --locked -p salon-desktop
	else
	  .ci/set-up compiler crates packages ui
	  $(MAKE) --no-print-directory ui/dist/index.html
	  exec cargo run --locked -p salon-cli -- serve
	fi

set-up:
	@.ci/set-up compiler window tests crates packages $(NODE_FOLDERS)

ui/dist/index.html: $(UI_SOURCES)
	@cd ui && npm run --silent build

ui: set-up
	@$(MAKE) --no-print-directory ui/dist/index.html

test: check-ui test-ui check-rust test-rust test-e2e
	@echo 'everything passed'

check-ui: set-up
	@cd ui
	npm run --silent check
	npm run --silent lint
	npm run --silent format:check

test-ui: set-up
	@cd ui && npm run --silent test

check-rust: ui
	@cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	if cargo deny --version >/dev/null 2>&1; then cargo deny --config .deny.toml check bans licenses sources; fi

# Xvfb and the web driver for the window are started by the test itself.
test-rust: ui
	@cargo test --locked --workspace --no-fail-fast

test-e2e: test-rust
	@cd tests/e2e && npm run --silent test

bench: ui
	@tests/bench/run

# Needs no card and no driver, but the network once for NVIDIA's compiler.
cuda: ui
	@.ci/cuda

fmt: set-up
	@cargo fmt --all
	cd ui && npm run --silent format
