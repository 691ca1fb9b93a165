PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
HOST ?= 127.0.0.1
# What was compiled is kept, also by whoever told Python not to: each process of a run would compile all tests anew.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
# What tests of JavaScript clients need: npm has Node itself among it.
NODE := tests/node/node_modules/.package-lock.json
# A generator of clients that needs other versions of what Parley needs.
GENERATOR := $(VENV)/generator/.installed
TESTED := $(VENV)/.installed-tests $(NODE) $(GENERATOR)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast test-all chaos attack bench brain fmt check lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed  ## Prepare: virtual environment and what running needs

run: setup  ## Start the server on http://localhost:8000 (PORT=..., HOST=... change that)
	@cd backend && exec ../$(BIN)/uvicorn main:app --host $(HOST) --port $(PORT)

test: $(TESTED)  ## Install what tests need and run them all
	@$(PYTEST) -n auto --dist worksteal $(ARGS)

test-fast: $(VENV)/.installed-tests  ## Run what is quick: SQLite, no browser, none of the tests marked slow or busy
	@$(PYTEST) -n auto --dist worksteal --sqlite-only -m "not slow and not busy" --ignore=tests/console/browser $(ARGS)

test-all: $(TESTED)  ## Run all tests on all three engines; MariaDB has to be there
	@PARLEY_TESTS_REQUIRE_MARIADB=1 $(PYTEST) -n auto --dist worksteal --all-engines $(ARGS)

chaos: $(VENV)/.installed-tests  ## Kill, pause, terminate and cut workers 200 times and check the books (SEED=...)
	@$(BIN)/python tests/chaos/run.py --faults 200 $(if $(SEED),--seed $(SEED))

attack: $(VENV)/.installed-tests  ## Attack a server of this machine: every input grown, floods, half requests; a few minutes
	@$(BIN)/python tests/attacks/run.py $(ARGS)

bench: $(VENV)/.installed-tests  ## Measure the hot paths against hand-written ones; one table (PEERS=synapse: chat beside Synapse)
	@$(BIN)/python tests/bench/run.py $(if $(PEERS),--peers $(PEERS)) $(ARGS)

brain: $(VENV)/.installed-tests  ## Score the offline model by the sentences of the tests, or of a file (FILE=..., FAILURES=...)
	@$(BIN)/python tests/brain/run.py $(FILE) $(if $(FAILURES),--failures $(FAILURES))

fmt: $(VENV)/.installed-tests  ## Mend what `make check` says of format and imports
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

check: $(VENV)/.installed-tests  ## Lint, types and how much has one, import graph
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy --any-exprs-report .mypy_cache/report && $(BIN)/python tests/support/typed_share.py .mypy_cache/report/any-exprs.txt && $(BIN)/python -m pytest tests/test_architecture.py

lock: $(VENV)/.installed-tests  ## Write the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate --no-strip-extras --upgrade --quiet -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev -c requirements.lock --universal --generate-hashes --no-header --no-annotate --no-strip-extras --upgrade --quiet -o tests/requirements.lock
	@$(BIN)/uv pip compile tests/generator/requirements.in --universal --generate-hashes --no-header --no-annotate --no-strip-extras --upgrade --quiet -o tests/generator/requirements.lock

clean:  ## Remove the virtual environment and caches; databases stay
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis tests/node/node_modules
	@find backend migrations tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Parley needs Python 3.11 or newer; try make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock | $(BIN)/python
	@echo "Installing what Parley needs (a minute, once) ..."
	@$(INSTALL) -r requirements.lock
	@printf '#!/bin/sh\nexec "%s" "%s" "$$@"\n' "$(CURDIR)/$(BIN)/python" "$(CURDIR)/backend/cli.py" > $(BIN)/parley
	@chmod +x $(BIN)/parley
	@touch $@

$(VENV)/.installed-tests: tests/requirements.lock $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@$(INSTALL) -r tests/requirements.lock
	@touch $@

$(GENERATOR): tests/generator/requirements.lock | $(BIN)/python
	@$(PYTHON) -m venv $(VENV)/generator
	@$(VENV)/generator/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(NODE): tests/node/package-lock.json
	@if command -v npm > /dev/null; then npm ci --prefix tests/node --silent && touch $@; else echo "no npm: the tests of JavaScript clients are skipped" >&2; fi
