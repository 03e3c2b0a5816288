# A thin front over the CMake presets: `make` lists what there is. CONTRIBUTING.md explains.
.NOTPARALLEL:
.DEFAULT_GOAL := help

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
STATE_DIRECTORY ?= var
FUZZ_SECONDS ?= 5

# Configures a preset unless that is done already (afterwards ninja notices changed CMake files itself), then builds
# it: all of its targets, or those of another build preset that shares its folder.
build = if [ ! -f build/$(1)/build.ninja ]; then cmake --preset $(1); fi && cmake --build --preset $(or $(2),$(1))

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z ]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 32

.PHONY: packages
packages: ## install the Debian packages that are missing (packaging/packages.txt)
	@tools/install_packages.sh

.PHONY: run
run: packages ## build a release and run the daemon in the foreground with a demo disk, state in ./var
	@$(call build,release) --target programs
	@mkdir -p "$(STATE_DIRECTORY)"
	exec build/release/src/daemon/lunariad --state-directory "$(STATE_DIRECTORY)" --demo

.PHONY: test
test: packages ## every check and every test, quickest verdicts first
	tools/check.py --only quick
	@$(call build,fuzz)
	ctest --preset fuzz
	tools/check.py headers
	@$(call build,tsan)
	ctest --preset tsan
	@$(call build,release,shipped)
	ctest --preset shipped
	tools/check.py tidy

.PHONY: check
check: packages ## format, layers, words, documents, headers, clang-tidy
	tools/check.py

.PHONY: tidy
tidy: packages ## clang-tidy over every source, every header alone; records in tools/checked_commit.txt that all is clean
	tools/check_tidy.py --all

.PHONY: format
format: packages ## clang-format every source file in place
	tools/check_format.py --fix

.PHONY: install
install: packages ## install programs, manual, systemd unit and sample configuration: DESTDIR= PREFIX=/usr/local
	@cmake --preset release -DCMAKE_INSTALL_PREFIX="$(PREFIX)" -DCMAKE_INSTALL_SYSCONFDIR="$(SYSCONFDIR)"
	@cmake --build --preset release --target programs
	DESTDIR="$(DESTDIR)" cmake --install build/release

.PHONY: bench
bench: packages ## iSCSI throughput and CPU beside Debian's tgt (bench/README.md)
	@tools/install_packages.sh packaging/packages-bench.txt
	@$(call build,release) --target programs bench_programs
	bench/iscsi.py $(BENCH_FLAGS)

.PHONY: bench-wbem
bench-wbem: packages ## the object manager: enumerations, pulls, requests, memory, start
	@$(call build,release) --target programs bench_programs
	bench/wbem.py $(BENCH_FLAGS)

.PHONY: dev release asan tsan
dev release asan tsan: packages ## build that preset and run its tests
	@$(call build,$@)
	ctest --preset $@

.PHONY: fuzz
fuzz: packages ## build the fuzzers and run each for FUZZ_SECONDS=5 (one alone: ctest --preset fuzz -R NAME)
	@cmake --preset fuzz -DLUNARIA_FUZZ_SECONDS=$(FUZZ_SECONDS)
	@cmake --build --preset fuzz --target fuzzers
	ctest --preset fuzz -L fuzz

SEEDS ?= 10000
.PHONY: simulate
simulate: packages ## play SEEDS=10000 seeds of the simulated data plane (tests/simulation/README.md)
	@cmake --preset release -DLUNARIA_SIMULATION_SEEDS=$(SEEDS)
	@cmake --build --preset release --target simulate
	ctest --preset release -C Nightly -R '^simulation/nightly$$'

SOAK_SECONDS ?= 3600
.PHONY: soak
soak: packages ## SOAK_SECONDS=3600 of load with kill -9 every few seconds (tests/soak/README.md)
	@$(call build,release) --target programs
	tests/soak/soak.py --seconds $(SOAK_SECONDS)

.PHONY: coverage
coverage: packages ## line coverage of the unit tests, per folder
	@$(call build,coverage)
	tools/coverage.sh build/coverage

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build
