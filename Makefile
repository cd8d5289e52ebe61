# The front door. `make run` and `make test` are all that a newcomer needs; everything else is said by `make help`.

JOBS ?= $(shell nproc)
DATA ?= run
ARGS ?=
BUILD := build/release
CAPSTAN := $(BUILD)/capstan
CPP_FILES := find include src tests bench fuzz examples -name node_modules -prune -o -name '*.[ch]pp' -print0

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test build soak bench micro-bench check-instructions record-instructions scenarios fuzz format check-format lint docs clean install-build install-test install-lint install-bench install-count install-clang install-docs

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  make run ARGS="--hostname hub.example.net --https-port 8443"   passes flags to `capstan serve`'
	@echo '  make run DATA=/srv/hub                                         keeps the hub in another folder [run]'

run: build ## build the hub and run it; Ctrl-C stops it
	@DATA="$(DATA)" scripts/run.sh $(CAPSTAN) $(ARGS)

build: install-build $(BUILD)/build.ninja ## build the program, build/release/capstan
	@scripts/quietly.sh cmake --build $(BUILD) --parallel $(JOBS) --target capstan

test: install-build install-test $(BUILD)/build.ninja ## build and run all tests: unit, store contract, tidy, real clients
	@scripts/quietly.sh cmake --build $(BUILD) --parallel $(JOBS)
	@scripts/test.py --jobs $(JOBS) --build $(BUILD) --clients

SOAK ?= 3600
soak: install-test build ## the C++ clients under random cuts for SOAK seconds [3600]: nothing may be lost
	@scripts/quietly.sh cmake --build $(BUILD) --parallel $(JOBS) --target client_program
	@SOAK=$(SOAK) tests/clients/run.py -k cpp/faults

bench: build install-bench ## measure Capstan beside its peers, for half an hour; QUICK=1: in less than five minutes. Writes docs/performance.md
	@scripts/quietly.sh cmake --build $(BUILD) --parallel $(JOBS) --target peers
	@/usr/bin/python3 bench/compare.py $(if $(QUICK),--quick) $(ARGS)

micro-bench: install-build install-bench ## build and run the micro-benchmarks
	@scripts/quietly.sh cmake --preset release -B build/bench -DCAPSTAN_BENCH=ON -DCAPSTAN_TESTS=OFF
	@scripts/quietly.sh cmake --build build/bench --parallel $(JOBS) --target micro_benchmarks
	@for program in build/bench/bench/*_bench; do $$program || exit 1; done

check-instructions: scenarios ## count the instructions of fixed scenarios, and compare with bench/instructions.json
	@/usr/bin/python3 bench/instructions.py --program $(BUILD)/bench/scenarios --jobs $(JOBS)

record-instructions: scenarios ## write what is counted to bench/instructions.json
	@/usr/bin/python3 bench/instructions.py --program $(BUILD)/bench/scenarios --jobs $(JOBS) --record

scenarios: install-build install-count $(BUILD)/build.ninja
	@scripts/quietly.sh cmake --build $(BUILD) --parallel $(JOBS) --target scenarios

fuzz: install-build install-clang ## build the fuzzers with clang and run each for a minute
	@scripts/quietly.sh cmake --preset fuzz
	@cmake --build build/fuzz --parallel $(JOBS) --target fuzz

format: install-lint ## lay out all C++ files with clang-format
	@$(CPP_FILES) | xargs -0 clang-format-19 -i

check-format: install-lint ## say which C++ files are not laid out so
	@$(CPP_FILES) | xargs -0 clang-format-19 --dry-run -Werror

lint: install-build check-format ## check layout, and the code with clang-tidy (takes minutes)
	@scripts/quietly.sh cmake --preset clang -B build/lint -DCAPSTAN_TESTS=OFF -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON
	@find src -name '*.cpp' -print0 | xargs -0 -P $(JOBS) -n 4 clang-tidy-19 --quiet -p build/lint

docs: install-docs ## write the reference of the C++ clients, build/docs/html/index.html
	@mkdir -p build/docs && doxygen docs/Doxyfile

clean: ## remove what was built; not the hub's data
	rm -rf build

$(BUILD)/build.ninja: CMakePresets.json
	@scripts/quietly.sh cmake --preset release

install-build install-test install-lint install-bench install-count install-clang install-docs: install-%:
	@scripts/install-dependencies.sh $*
