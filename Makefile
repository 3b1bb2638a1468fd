# SPDX-License-Identifier: GPL-3.0-or-later
# Thin: every target names the script or preset that does the work.
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local

.PHONY: help setup build demo test bench paper lint install asan tsan fuzz zephyr clean

help:
	@echo "make demo     set up this machine, build, start a server, fetch entropy over post-quantum DTLS, stop"
	@echo "make test     set up, build, run every test"
	@echo "make build    leaves build/release/bin/{qeaasd,qeaas} and build/release/lib/qeaas-provider.so"
	@echo "make bench    benchmarks that print ratios against a floor or a peer of the same run"
	@echo "make paper    the paper's evaluation into build/paper: tables, figures, raw samples (docs/paper.md)"
	@echo "make lint     clang-format, clang-tidy, cppcheck and the checks of the tree"
	@echo "make install  into PREFIX (default /usr/local), honouring DESTDIR"
	@echo "make zephyr   the device: every suite, the sample, end to end, footprint, the pool (needs ZEPHYR_BASE, see docs/zephyr.md)"
	@echo "make asan | tsan | fuzz   the sanitizer builds and a short fuzz run of each target"

setup:
	scripts/setup

build: setup
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target qeaasd qeaas qeaas-provider qeaas-openssl-probe

demo: build
	scripts/demo build/release/bin

test:
	scripts/setup --peers
	cmake --preset release
	cmake --build --preset release -j $(JOBS)
	ctest --preset release -j $(JOBS)

# tsan has the unit tests of the modules with threads, and the end-to-end tests.
asan tsan: setup
	cmake --preset $@
	cmake --build --preset $@ -j $(JOBS)
	ctest --preset $@ -j $(JOBS)

fuzz: setup
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS) --target fuzz_targets
	scripts/fuzz build/fuzz/bin

zephyr: build
	cmake --build --preset release -j $(JOBS) --target qeaas_dtls_front bare
	QEAAS_BIN=$(CURDIR)/build/release/bin scripts/zephyr

bench: build
	scripts/setup --peers --bench
	cmake --build --preset release -j $(JOBS)
	bench/run build/release/bin

paper: build
	scripts/setup --peers
	cmake --build --preset release -j $(JOBS) --target qeaas qeaasd bare
	bench/paper/run build/release/bin

lint: setup
	cmake --preset release
	scripts/lint build/release

install: build
	cmake --install build/release --prefix $(PREFIX)

clean:
	rm -rf build
