# Chốt. `make` alone lists what can be made.

SWIFT  ?= swift
PYTHON ?= python3
BIN     = $(shell $(SWIFT) build -c release --show-bin-path)
SWIFT_FILES = Package.swift Sources Benchmarks Tests
# The Swift runtime goes into the programs: hosts of units and the centre need no Swift.
RELEASE = -c release --static-swift-stdlib

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help deps build test test-system unit end-to-end demo bench fuzz simulate simulate-collector wild nation format lint clean

help:  ## what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps:  ## install the Debian packages that are missing
	@.ci/deps build run test

build:  ## both programs, optimised
	@.ci/deps build
	$(SWIFT) build $(RELEASE)

test: deps lint unit end-to-end  ## format, unit and table tests, end to end with real processes

test-system: deps build .venv/ready  ## what needs whole systems: installed users, other vendors' stacks, storms, a fleet
	CHOT_BIN="$(BIN)" .venv/bin/python -m pytest -q -m system Tests/EndToEnd

unit:
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

end-to-end: build .venv/ready
	CHOT_BIN="$(BIN)" .venv/bin/python -m pytest -q -m "not system" Tests/EndToEnd

.venv/ready: .ci/requirements.txt
	@.ci/venv "$(PYTHON)" .venv .ci/requirements.txt
	@touch $@

demo:  ## the story of the main job on real parts; KEEP=1 leaves it running until Ctrl-C
	@.ci/deps build run
	@$(MAKE) --no-print-directory build
	@CHOT_BIN="$(BIN)" $(PYTHON) deploy/demo/demo.py $(if $(KEEP),--keep)

bench:  ## speed and memory beside nginx in the same run: name | ours | peer | ratio | bar | held?; ONLY=instructions, ONLY=storms
	@.ci/deps build run test bench
	@$(MAKE) --no-print-directory build .venv/ready
	@CHOT_BIN="$(BIN)" .venv/bin/python Benchmarks/bench.py $(if $(ONLY),--only $(ONLY))

fuzz:  ## feed every parser hostile input: TARGET=soap SECONDS=600; without TARGET all, SECONDS each
	@.ci/deps build
	.ci/fuzz "$(TARGET)" "$(or $(SECONDS),600)"

simulate:  ## one agent from seeds: crashes, power losses, full disks, clock steps, lying collectors; SEEDS=1000 FROM=1
	$(SWIFT) build --build-tests
	SEEDS="$(or $(SEEDS),1000)" FROM="$(or $(FROM),1)" $(SWIFT) test --skip-build --filter '^SimulationTests'

simulate-collector:  ## a collector and its nation from seeds: crashes at storage steps, full disks, lost answers, restores; SEEDS=1000 FROM=1
	$(SWIFT) build --build-tests
	SEEDS="$(or $(SEEDS),1000)" FROM="$(or $(FROM),1)" $(SWIFT) test --skip-build --filter '^CollectorSimulationTests'

wild:  ## concurrent clients, kill -9, full disks, outages, a restored snapshot; nothing miscounted: QUERIES=1000000 SEED=1
	@.ci/deps build run
	@$(MAKE) --no-print-directory build .venv/ready
	@CHOT_BIN="$(BIN)" .venv/bin/python Tests/EndToEnd/wild.py --queries "$(or $(QUERIES),1000000)" $(if $(SEED),--seed "$(SEED)")

nation:  ## thousands of agents, the collector killed and its disk full; totals exact: AGENTS=5000 MINUTES=10 SEED=1, or RESTORE=1
	@.ci/deps build run
	@$(MAKE) --no-print-directory build .venv/ready
	@CHOT_BIN="$(BIN)" .venv/bin/python Benchmarks/nation.py --agents "$(or $(AGENTS),5000)" --minutes "$(or $(MINUTES),10)" --seed "$(or $(SEED),1)" $(if $(RESTORE),--restore)

format:  ## rewrite the Swift sources in the house format
	$(SWIFT) format format --in-place --recursive $(SWIFT_FILES)

lint:  ## say where the sources leave the house format or the order of rooms
	$(PYTHON) .ci/rooms
	$(SWIFT) format lint --strict --recursive $(SWIFT_FILES)

clean:  ## remove what was built
	rm -rf .build .venv .pytest_cache
