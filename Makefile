# What people and CI run. Everything here does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build dist cross deb image server-deb sbom reproducible source-release yocto-crates test bench lint deny generate web python setup clean

CARGO_BUILD := cargo build --release --locked
# TARGET=aarch64|armv7|x86_64: what `cross`, `sbom` and `deb` build for; this machine's architecture if none is given.
FOR = $(or $(TARGET),$(patsubst armv7l,armv7,$(shell uname -m)))
WEB_SOURCES := $(shell find web clients/typescript clients/rooms -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

run: build ## set up, build a release, start the daemon with its embedded room
	@exec target/release/artc-edge run

build: setup web ## the release binary, viewer page included
	@$(CARGO_BUILD)

test: ## set up and pass all tests: lints, Rust, browser, other clients, kernel bench, fuzzing in brief
	@tests/run.sh

bench: ## set up and measure: the table of SPECIFICATION.md's numbers, with their baselines in the same run
	@bench/run.sh

dist: setup web ## what is shipped and measured: target/dist/artc-edge, small and without symbols
	@cargo rustc --profile dist --locked --bin artc-edge -- -C opt-level=3 # the program alone, so all is linked at 3: see Cargo.toml
	@strip --strip-all target/dist/artc-edge

cross: setup web ## what is shipped for another architecture, TARGET=aarch64|armv7|x86_64: target/cross/TARGET/artc-edge
	@packaging/build.sh $(FOR)

deb: $(if $(TARGET),cross,dist) ## the Debian package for this machine's architecture, or for TARGET, in target/debian
	@cargo build --release --locked --quiet --bin artc-edge --example man && target/release/examples/man >target/artc-edge.1
	@NATIVE_PROGRAM=$(CURDIR)/target/release/artc-edge setup/cross.sh $(FOR) \
		packaging/deb.sh $(if $(TARGET),target/cross/$(TARGET),target/dist)/artc-edge target/artc-edge.1 target/debian

image: ## a disk for PCs (UEFI, x86-64) of Debian and the package, with updates A/B by RAUC, and its bundle, in target/image; KEYS=FOLDER signs
	@setup/packages.sh image
	@$(MAKE) --no-print-directory deb TARGET=x86_64
	@packaging/image/keys.sh "$(or $(KEYS),target/image/keys)"
	@packaging/image/image.sh target/debian/artc-edge_*_amd64.deb "$(or $(KEYS),target/image/keys)" target/image

server-deb: setup ## the Debian package of the app server for this machine's architecture, in target/debian
	@cargo build --profile dist --locked -p artc-room
	@packaging/artc-room/deb.sh target/dist/artc-room target/debian

sbom: cross ## its bill of materials (CycloneDX): target/cross/TARGET/artc-edge.cdx.json
	@packaging/sbom.py target/cross/$(FOR)/artc-edge

reproducible: ## build it twice in different folders, and see that it is the same to the last byte (two full builds)
	@packaging/reproducible.sh $(FOR)

source-release: web ## the archive that distributions build from, viewer page included, in target/source
	@packaging/source.sh target/source

yocto-crates: ## write the crates of Cargo.lock into the Yocto layer
	@yocto-layer/crates.py

generate: yocto-crates ## write what is made of Rust: docs/control.md, OpenRPC, the clients' types and methods, docs/boards.md
	@cargo run --release --locked --quiet -p wire-codegen
	@cargo run --release --locked --quiet -p board --example boards >target/boards.md && mv target/boards.md docs/boards.md

python: setup ## the wheel of the documented Python API, in target/wheels
	@rm -rf target/wheels; VIRTUAL_ENV= $$(setup/python.sh) -m maturin build --quiet --release --locked --strip \
		--manifest-path crates/artc-python/Cargo.toml --target-dir target --out target/wheels
	@ls target/wheels/*.whl

web: web/dist/index.html ## the viewer page, which the binary embeds

web/dist/index.html: $(WEB_SOURCES)
	@PATH="$$(setup/node.sh):$$PATH"; cd web; npm ci --no-audit --no-fund --silent; npm run --silent build; touch dist/index.html

setup: ## install the system packages that a build needs
	@setup/packages.sh build

lint: ## format, clippy, documentation, with warnings denied
	@cargo fmt --all --check
	@cargo clippy --release --locked --workspace --all-targets -- -D warnings
	@cargo clippy --release --locked --workspace --test kernel --test sdk -- -D warnings # with `test = false` they are no part of "all"
	@RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --quiet --no-deps --workspace --lib --examples

# Not `advisories`: its database is a git repository on github.com, and this shall run where only the package registries are in reach.
# Where it is reachable: setup/cargo-deny.sh check advisories
deny: ## licences, sources and duplicate versions of the dependencies
	@setup/cargo-deny.sh check licenses bans sources

clean: ## remove everything that was built
	@rm -rf target web/dist web/node_modules tests/.cache
