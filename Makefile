# Portcullis: everything a person or a CI machine does, by name. The work is in scripts/.
#
#   BUILD            where the release executables go (build)
#   JOBS             compilers at once (the number of processors)
#   PORTCULLIS_PEERS a virtual environment with the judges of the tests (.venv, made by `make peers`)

BUILD ?= build
export BUILD JOBS PORTCULLIS_PEERS

.PHONY: help build test check run fmt lint tidy fuzz-smoke bench clean deps peers unit system

help: ## print this list
	@echo "Portcullis. Start with: make run"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/  make \1	\2/p' Makefile | expand -t 20

build: ## the four release executables, in build/
	@scripts/build.sh

run: ## show the whole appliance at work, on a throw-away regtest home
	@scripts/deps.sh run
	@scripts/build.sh
	@scripts/run.sh

test: deps peers ## install what the tests need, and pass all of them
	@$(MAKE) --no-print-directory check

check: ## what CI runs: lint, build, unit, system and tidy tests, lines in the signer, fuzz smoke
	@scripts/check.sh all

unit: ## the tests of the Swift modules only
	@scripts/check.sh core root

system: ## the tests that drive the release executables only
	@scripts/check.sh release system

fmt: ## format every Swift file in place
	@swift format format --in-place --recursive --parallel $$(scripts/swift-files.sh)

lint: ## complain about formatting, change nothing
	@scripts/check.sh lint

tidy: ## the repository's own rules: imports, sizes, SAFETY comments, lines in the signer
	@scripts/check.sh tidy lines

fuzz-smoke: ## every fuzz target for a few seconds, from its corpus
	@scripts/check.sh fuzz

bench: ## ratios next to bare libraries, the disk and the peers
	@scripts/bench.sh

deps: ## install the system packages (as root, or with sudo)
	@scripts/deps.sh

peers: ## make .venv with the programs that judge our output
	@scripts/peers.sh

clean: ## remove all that was built here
	rm -rf $(BUILD) .build .build-* Core/.build Core/.build-* .venv
