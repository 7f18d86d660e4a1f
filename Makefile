# Everything sets itself up: Debian 12 with python3, python3-venv and make is enough. uv is used when it is on PATH.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=

ifdef UV
create = uv venv --quiet --python '>=3.11' $(VENV)
install = uv pip install --quiet --python $(BIN)/python
else
create = $(PYTHON) -m venv $(VENV)
install = $(BIN)/python -m pip install -qq
endif

.PHONY: help run setup test test-long bench lint types imports docs-check lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.run ## set up, then start the demonstration: meter, CSE, energy AE and page
	@$(BIN)/banyan demo $(ARGS)

setup: $(VENV)/.test ## set up for development, run nothing

test: $(VENV)/.test lint ## lint, types, import contracts, tests with coverage
	$(BIN)/coverage erase
	$(BIN)/pytest -n auto --dist worksteal --cov --cov-report= $(ARGS)
	@for part in access validation storage codecs; do \
		$(BIN)/coverage report --include="cse/$$part/*,cse/$$part.py" --fail-under=95 --format=total > $(VENV)/.floor \
			&& echo "cse/$$part: $$(cat $(VENV)/.floor) % of lines and branches" \
			|| { echo "cse/$$part: $$(cat $(VENV)/.floor) % is below the floor of 95 %" >&2; exit 1; }; \
	done; rm -f $(VENV)/.floor

test-long: $(VENV)/.test ## the tests that take minutes, and a fresh clone in a bare Debian
	$(BIN)/pytest -m long $(ARGS)
	tests/long/fresh_clone.sh

bench: $(VENV)/.test ## measure against the bare limit (ARGS="--seconds 3 --only W1,W2")
	$(BIN)/python -m bench $(ARGS)

lint: $(VENV)/.test types imports ## ruff, mypy, import contracts
	$(BIN)/ruff check .

types: $(VENV)/.test
	$(BIN)/mypy

imports: $(VENV)/.test
	$(BIN)/lint-imports

docs-check: $(VENV)/.test ## generated files are in step, links and commands of the documents work
	$(BIN)/pytest -q tests/docs tests/settings

lock: ## renew the pinned requirements (needs uv)
	@command -v uv >/dev/null || { echo 'make lock needs uv on PATH' >&2; exit 1; }
	$(compile) --extra demo --group build -o requirements/run.txt pyproject.toml
	$(compile) --all-extras --group build --group test -c requirements/run.txt -o requirements/test.txt pyproject.toml
	$(compile) --no-deps -o requirements/demo-data.txt requirements/demo-data.in

compile = uv pip compile --quiet --universal --generate-hashes --no-emit-package banyan-cse \
	--python-version 3.11 --custom-compile-command 'make lock'

clean: ## remove what the commands above made, the virtual environment included
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per set of packages; a changed pin or project file renews it. The lists are whole: --no-deps keeps pip from
# looking for newer releases of what another package asks for with an extra, which have no hash here.
$(BIN)/python:
	$(create)

$(VENV)/.run: $(BIN)/python pyproject.toml requirements/run.txt requirements/demo-data.txt
	@echo 'Setting up $(VENV) ...'
	@$(install) --require-hashes --no-deps -r requirements/run.txt
	@$(install) --require-hashes --no-deps -r requirements/demo-data.txt
	@$(install) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.txt
	@echo 'Adding the test tools ...'
	@$(install) --require-hashes --no-deps -r requirements/test.txt
	@touch $@
