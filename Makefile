# SPDX-License-Identifier: GPL-2.0-only
# make run    set up, and check the embedded demonstration tree: a finding with its witness
# make test   set up, fetch the kernels for the tests, run the tests but the slow ones
# make test-slow  the slow ones: whole kernels, mutants, wheels
# make lint   ruff and mypy
# make man    write man/ptcheck.1, from the argument parser
# make fuzz   fuzz the readers of untrusted input for FUZZ_SECONDS
# make clean  remove what the others made inside of the repository

PYTHON ?= python3
VENV ?= .venv
# Processes for the tests; each needs up to 1 GB.
TEST_JOBS ?= 2
FUZZ_SECONDS ?= 60
PYTEST_ARGS ?= -n $(TEST_JOBS)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q

.PHONY: run test test-slow lint man fuzz kernels clean
.DELETE_ON_ERROR:

# Exit code 1 is the point of the demonstration: it has a finding.
run: $(VENV)/.run
	@$(BIN)/ptcheck check; status=$$?; \
	if [ $$status -ne 1 ]; then echo "make run: expected findings (1), got $$status" >&2; exit 1; fi

test: $(VENV)/.dev kernels
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not slow"

test-slow: $(VENV)/.dev kernels
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m slow

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

man: $(VENV)/.run
	COLUMNS=80 $(BIN)/ptcheck completion man > man/ptcheck.1

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

# Not fatal: the tests that need them say so, and fail where CI is set.
kernels:
	@$(PYTHON) tests/fetch_kernels.py || true

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "ptcheck needs Python 3.11 or later; name it: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.run: pyproject.toml analyzer/__init__.py | $(BIN)/python
	$(PIP) install -e .
	@$(BIN)/python -m compileall -q analyzer
	@touch $@

$(VENV)/.dev: pyproject.toml analyzer/__init__.py | $(BIN)/python
	$(PIP) install -e '.[dev]'
	@touch $@ $(VENV)/.run

clean:
	find analyzer -name __pycache__ -exec rm -rf {} +
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
