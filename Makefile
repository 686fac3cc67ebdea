# The words of development; CI uses the same.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run example test check format clean

help: ## Say what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/local ## Serve on http://127.0.0.1:8000/ (PORT=...) with a DynamoDB in the same process
	$(BIN)/chalice local --no-autoreload --port $(PORT)

example: $(VENV)/dev ## Connect two aiortc peers, in two processes, through `make run`
	$(BIN)/python examples/two_peers.py http://127.0.0.1:$(PORT)/

test: $(VENV)/dev node_modules ## Run every test
	$(BIN)/python -m pytest

check: $(VENV)/dev ## Check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/dev ## Put the code in the house's form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove all that the other words have made
	rm -rf $(VENV) node_modules build .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Peerpost needs Python 3.11 or newer: make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/local: requirements.txt requirements-local.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-local.txt
	touch $@

$(VENV)/dev: requirements.txt requirements-local.txt requirements-dev.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ $(VENV)/local

node_modules: package.json package-lock.json
	npm ci --no-fund --no-audit
	touch $@
