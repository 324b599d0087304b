# Works with python3 (3.11 or newer), make and a package registry; everything is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
DEMO_TRACE := runs/digits.h5
# Processes that run tests at a time.
JOBS ?= 2
# Options of the comparison, such as BENCH="--only brunel_m coba --runs 5".
BENCH ?=
BENCH_RESULTS := runs/bench

# One recipe at a time also under -j: two installations into one environment would spoil each other.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup demo test check parity bench bench-scaling bench-sanafe bench-hardware docs clean

help:
	@echo "make setup   create .venv and install everything for working on spikemesh"
	@echo "make demo    classify handwritten digits on a simulated four-chip system"
	@echo "make test    run the tests"
	@echo "make check   lint, format, types, import contracts"
	@echo "make bench   compare with NEST, Brian2 and Lava; make bench-scaling for cost against size, rate, chips"
	@echo "make bench-hardware  cost of the hardware's account, of timing a run again, of packets and of mapping"
	@echo "make bench-sanafe  compare packets on a chip with SANA-FE"
	@echo "make parity  compare neurons and synapses with NEST and Lava, spike for spike"
	@echo "make docs    build the documentation into site/"
	@echo "make clean   remove what was built, .venv included"

setup: $(VENV)/installed-all

demo: $(VENV)/installed-examples
	@mkdir -p $(dir $(DEMO_TRACE))
	$(BIN)/spikemesh run digits_inference --out $(DEMO_TRACE) --overwrite
	$(BIN)/spikemesh analyze $(DEMO_TRACE)
	@echo "the trace is $(CURDIR)/$(DEMO_TRACE)"

test: $(VENV)/installed-all
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/installed-all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/installed-all
	@mkdir -p $(BENCH_RESULTS)
	$(BIN)/python benchmarks/compare.py --json $(BENCH_RESULTS)/compare.json --markdown $(BENCH_RESULTS)/compare.md $(BENCH)
	$(BIN)/python benchmarks/limit.py --json $(BENCH_RESULTS)/limit.json --markdown $(BENCH_RESULTS)/limit.md
	$(BIN)/python benchmarks/parts.py --json $(BENCH_RESULTS)/parts.json --markdown $(BENCH_RESULTS)/parts.md
	@echo "tables and JSON are in $(BENCH_RESULTS)"

bench-scaling: $(VENV)/installed-all
	@mkdir -p $(BENCH_RESULTS)
	$(BIN)/python benchmarks/scaling.py --json $(BENCH_RESULTS)/scaling.json --markdown $(BENCH_RESULTS)/scaling.md
	$(BIN)/python benchmarks/exchange.py
	@echo "tables and JSON are in $(BENCH_RESULTS)"

bench-sanafe: $(VENV)/installed-all
	@mkdir -p $(BENCH_RESULTS)
	$(BIN)/python benchmarks/sanafe_speed.py --json $(BENCH_RESULTS)/sanafe.json

bench-hardware: $(VENV)/installed-all
	@mkdir -p $(BENCH_RESULTS)
	$(BIN)/python benchmarks/retime.py --json $(BENCH_RESULTS)/retime.json
	$(BIN)/python benchmarks/network.py --json $(BENCH_RESULTS)/network.json
	$(BIN)/python benchmarks/mapping.py --json $(BENCH_RESULTS)/mapping.json

parity: $(VENV)/installed-all
	$(BIN)/python benchmarks/parity/nest_parity.py
	$(BIN)/python benchmarks/parity/plastic_parity.py
	$(BIN)/python benchmarks/parity/lava_parity.py

docs: $(VENV)/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) .venv-bench site runs build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# Stamps: an installation is repeated only when pyproject.toml has changed.
$(VENV)/installed-examples: pyproject.toml | $(VENV)/created
	@echo "installing spikemesh; the first time this downloads Ray, numba and other libraries"
	$(PIP) install --editable ".[examples]"
	@touch $@

$(VENV)/installed-all: pyproject.toml | $(VENV)/created
	@echo "installing spikemesh with everything its tests need"
	$(PIP) install --editable ".[test,examples]"
	@touch $@ $(VENV)/installed-examples

$(VENV)/installed-docs: pyproject.toml | $(VENV)/created
	$(PIP) install --editable ".[docs]"
	@touch $@

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("spikemesh needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; set PYTHON=python3.12 or the like")'
	$(PYTHON) -m venv $(VENV)
	@touch $@
