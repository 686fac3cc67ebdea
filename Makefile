# The words of development; CI uses the same.
PYTHON ?= python3
PORT ?= 8000
PAGE_PORT ?= 8080
FUZZ_SECONDS ?= 60
FUZZ_SEED ?=
VENV := .venv
BIN := $(VENV)/bin
# checkov pins an old boto3, so it has an environment of its own.
export CHECKOV := $(CURDIR)/.venv-checkov/bin/checkov

# What ships may be passed on by whoever deploys it, without a duty but to name its authors.
LICENCES := MIT;BSD;Apache

NO_ATHERIS := make fuzz needs atheris, which is built for CPython 3.11 to 3.13 on Linux x86-64 alone. \
	With another Python: make clean, then make PYTHON=python3.13 fuzz. Elsewhere make test replays the corpus.

.DEFAULT_GOAL := help
.PHONY: help run example test soak check fuzz mutants bench bench-short lock package deploy destroy access-key format clean

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/local ## Serve on http://127.0.0.1:8000/ (PORT=...), and the page on http://127.0.0.1:8080/ (PAGE_PORT=...)
	@$(BIN)/python -m tools.ports PORT=$(PORT) PAGE_PORT=$(PAGE_PORT)
	@$(BIN)/python -m tools.serve --port $(PAGE_PORT) --service http://127.0.0.1:$(PORT)/ & page=$$!; \
	$(BIN)/chalice local --no-autoreload --port $(PORT) & service=$$!; \
	trap 'kill $$page $$service 2>/dev/null' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	wait $$service

example: $(VENV)/dev ## Connect two aiortc peers, in two processes, through `make run`
	$(BIN)/python examples/two_peers.py http://127.0.0.1:$(PORT)/

test: $(VENV)/bench .venv-checkov/ready node_modules web/node_modules clients/javascript/node_modules ## Run every test
	$(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder
	npm test --prefix clients/javascript

soak: $(VENV)/dev node_modules ## Check a thousand random histories of the packaged function for linearizability (SOAK="--histories 50 --seed 7")
	$(BIN)/python -m tests.reliability $(SOAK)

check: $(VENV)/bench .venv-checkov/ready web/node_modules clients/javascript/node_modules ## Check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml app.py chalicelib tools clients/python/src
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --baseline .secrets.baseline
	$(BIN)/pip-licenses --packages $$(sed -n 's/==.*//p' requirements.txt) --partial-match --allow-only "$(LICENCES)" >/dev/null
	npm run check --prefix clients/javascript
	cd web && npx tsc
	terraform fmt -check -diff -recursive infra
	$(CHECKOV) --directory infra --framework terraform --skip-download --quiet --compact

fuzz: $(VENV)/fuzz ## Feed the handler, the Python client and the HTTP endpoint hostile input (FUZZ_SECONDS=60, FUZZ_SEED=7: the same again)
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

mutants: $(VENV)/mutants node_modules ## Change the server in a thousand places, one at a time, and see that a test notices (MUTANTS="chalicelib.waiting*": only these)
	$(BIN)/python -m tests.mutation $(MUTANTS)

bench: $(VENV)/bench node_modules benchmarks/node_modules package ## Measure speed and cost, and write docs/benchmarks.md (BENCH="units cost": only these)
	$(BIN)/python -m benchmarks $(BENCH)

bench-short: $(VENV)/bench node_modules benchmarks/node_modules package ## Measure each briefly; fail when a count has grown
	$(BIN)/python -m benchmarks --short $(BENCH)

package: $(VENV)/dev ## Build the function's package, build/function.zip
	$(BIN)/python -m tools.package

deploy: package ## Put it into the AWS account of the environment, and try it (AUTO_APPROVE=1: without asking, SIGN=1: AWS_IAM, PEERPOST_ACCESS_KEY in the environment where it has access keys)
	terraform -chdir=infra init
	terraform -chdir=infra apply $(if $(AUTO_APPROVE),-auto-approve -input=false)
	url=$$(terraform -chdir=infra output -raw url) && $(BIN)/python -m tools.smoke "$$url" $(if $(SIGN),--sign)

destroy: ## Take everything away again, with all channels (AUTO_APPROVE=1: without asking)
	terraform -chdir=infra destroy $(if $(AUTO_APPROVE),-auto-approve -input=false)

access-key: $(VENV)/dev ## Make an access key, and say how to let its holder open channels
	@$(BIN)/python -m tools.access_key

lock: ## Pin all that requirements*.txt ask for, with hashes (after `make check` has put the tools there)
	set -e; lock="$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes"; \
	export UV_CUSTOM_COMPILE_COMMAND="make lock"; \
	$$lock --no-deps --output-file locks/package.txt requirements.txt; \
	for each in local dev bench fuzz mutants rivals; do $$lock --output-file locks/$$each.txt requirements-$$each.txt; done

format: $(VENV)/dev ## Put the code in the house's form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	terraform fmt -recursive infra

clean: ## Remove all that the other words have made
	rm -rf $(VENV) .venv-checkov node_modules benchmarks/node_modules web/node_modules clients/javascript/node_modules build mutants .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Peerpost needs Python 3.11 or newer: make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/local: locks/local.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -r locks/local.txt
	touch $@

$(VENV)/dev: locks/dev.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -r locks/dev.txt
	touch $@ $(VENV)/local

$(VENV)/bench: $(VENV)/dev locks/bench.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r locks/bench.txt
	touch $@

$(VENV)/fuzz: $(VENV)/dev locks/fuzz.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r locks/fuzz.txt || { echo "$(NO_ATHERIS)" >&2; exit 1; }
	touch $@

$(VENV)/mutants: $(VENV)/dev locks/mutants.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r locks/mutants.txt
	touch $@

.venv-checkov/ready: tests/infra/requirements-checkov.txt | $(BIN)/pip
	$(PYTHON) -m venv .venv-checkov
	.venv-checkov/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

node_modules: package.json package-lock.json
	npm ci --no-fund --no-audit
	touch $@

web/node_modules clients/javascript/node_modules benchmarks/node_modules: %/node_modules: %/package.json %/package-lock.json
	npm ci --no-fund --no-audit --prefix $*
	touch $@
