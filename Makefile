# The commands for development. CI uses the same ones.
PYTHON ?= python3
PORT ?= 8000
PAGE_PORT ?= 8080
# The folder that `make site` fills.
SITE ?= build/site
FUZZ_SECONDS ?= 60
FUZZ_SEED ?=
# How many tests run at once: one for each core, unless you say otherwise.
PROCESSES ?= auto
VENV := .venv
BIN := $(VENV)/bin
UV := uv==0.13.9
# checkov needs an older boto3 than ours, so it has an environment of its own. So does ministack.
export CHECKOV := $(CURDIR)/.venv-checkov/bin/checkov
# If the machine has no Node 20, `node` and `npm` come from the environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)

# The function's package may be redistributed. These licences allow that, if the package contains their texts.
LICENCES := MIT;BSD;Apache

# These only look like secrets: hashes of packages, scripts and files, fuzzed inputs, and the test vectors of sealing.
NO_SECRETS := --exclude-files '(^|/)(package-lock\.json|uv\.lock)$$' --exclude-files '^tests/fuzz/corpus/' --exclude-files '^clients/file-messages\.json$$' \
	--exclude-lines 'script-src' --exclude-secrets '^(AAECAwQF|ZGVmZ2hp)'

PYTEST := $(BIN)/python -m pytest --numprocesses $(PROCESSES) --maxprocesses 8 --no-loadscope-reorder
QUICK := not runtime and not transports and not slow

# Without backticks or quotes, because the shell reads this text between double quotes.
NO_ATHERIS := make fuzz needs the package atheris, which exists only for CPython 3.11 to 3.13 on Linux x86-64. \
	If you use another version of Python on Linux x86-64, run: make clean, and then: make PYTHON=python3.13 fuzz. \
	On all other machines, run: make test. It tries the inputs that the fuzzers have found before.

.DEFAULT_GOAL := help
.PHONY: help run example test doctor test-all test-server test-runtime test-browser test-network test-infra \
	test-reliability soak check fuzz mutants bench bench-short lock package site deploy destroy access-key format clean

help: ## List these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: $(VENV)/local ## Start the service on http://127.0.0.1:8000/ (PORT=...) and the page on http://127.0.0.1:8080/ (PAGE_PORT=...)
	@$(BIN)/python -m tools.ports PORT=$(PORT) PAGE_PORT=$(PAGE_PORT)
	@$(BIN)/python -m tools.serve --port $(PAGE_PORT) --service http://127.0.0.1:$(PORT)/ & page=$$!; \
	$(BIN)/chalice local --no-autoreload --port $(PORT) & service=$$!; \
	trap 'kill $$page $$service 2>/dev/null' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	wait $$service

example: $(VENV)/test ## Connect two aiortc peers, each in its own process, through the service that `make run` has started
	$(BIN)/python examples/two_peers.py http://127.0.0.1:$(PORT)/

test: $(VENV)/test $(VENV)/node tests/engine/node_modules clients/javascript/node_modules ## Run the quick tests: they take two minutes, and need only Python and make
	PEERPOST_TESTS=quick $(PYTEST) -m "$(QUICK)" tests/unit tests/local tests/engine tests/fuzz clients/python/tests
	npm test --silent --prefix clients/javascript
	npm test --silent --prefix web
	@$(BIN)/python -m tools.doctor --left-out

doctor: ## Check that this machine has what `make test-all` needs
	@$(PYTHON) -m tools.doctor

# test-infra takes long, because it runs Terraform many times in a row, and test-network, because it waits for networks.
# So both run beside test-server, and test-runtime begins when the first of them ends: all of their tests also pass on a
# busy machine. make prints the output of each part when it ends, and fails if any of them fails.
test-all: doctor $(VENV)/dev $(VENV)/node .venv-checkov/ready tests/interop/node_modules ## Run every test, in the parts below
	$(MAKE) --jobs 3 --output-sync=target test-server test-infra test-network test-runtime
	$(MAKE) test-browser
	$(MAKE) test-reliability

# The tests of `make test`, with all tries of the random ones, and the slow tests, which wait for seconds or vary others.
test-server: $(VENV)/dev $(VENV)/node tests/engine/node_modules clients/javascript/node_modules ## Test the server and the clients without browsers, slow tests included
	$(PYTEST) -m "not runtime and not transports" tests/unit tests/local tests/shell tests/engine tests/fuzz tests/benchmarks clients/python/tests
	npm test --silent --prefix clients/javascript
	npm test --silent --prefix web

test-runtime: $(VENV)/dev tests/engine/node_modules ## Test the function's package under AWS's Lambda runtime, and the protocol over two transports: function URL events and `chalice local`
	$(PYTEST) -m "runtime or transports" tests/unit tests/local tests/engine tests/runtime

test-browser: $(VENV)/dev $(VENV)/node tests/engine/node_modules tests/interop/node_modules tests/npm/node_modules web/node_modules clients/javascript/node_modules examples/node/node_modules ## Test the browser client and the page in Chromium and Firefox, and connect these browsers to each other and to Python
	npm test --silent --prefix tests/npm
	$(PYTEST) tests/browser tests/web tests/interop

test-network: $(VENV)/dev $(VENV)/node tests/engine/node_modules tests/interop/node_modules ## Test connections while the network changes (needs root, for network namespaces)
	$(BIN)/python -m pytest tests/network

test-infra: $(VENV)/dev .venv-checkov/ready ## Apply, change and destroy the Terraform configuration against a stand-in for AWS
	$(BIN)/python -m pytest tests/infra

test-reliability: $(VENV)/dev $(VENV)/node tests/engine/node_modules ## Test the packaged function under faults and overload
	$(PYTEST) tests/reliability

soak: $(VENV)/dev tests/engine/node_modules ## Run 1,000 random sequences of calls against the packaged function, and connect 500 guests to one address while processes are killed (SOAK="--histories 50 --guests 20 --seed 7")
	$(BIN)/python -m tests.reliability $(SOAK)

check: $(VENV)/dev .venv-checkov/ready $(VENV)/node web/node_modules clients/javascript/node_modules ## Check style, types, licences and the Terraform configuration
	@$(PYTHON) -m tools.doctor check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml app.py chalicelib tools clients/python/src
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook $(NO_SECRETS)
	$(BIN)/uv lock --check --quiet
	$(BIN)/pip-licenses --packages $$(sed -n 's/==.*//p' requirements.txt) --partial-match --allow-only "$(LICENCES)" >/dev/null
	npm run check --silent --prefix clients/javascript
	cd web && npx tsc
	terraform fmt -check -diff -recursive infra
	$(CHECKOV) --directory infra --framework terraform --skip-download --quiet --compact

fuzz: $(VENV)/fuzz ## Send hostile input to the server and the Python client for a minute (FUZZ_SECONDS=60; FUZZ_SEED=7 sets the random seed)
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

mutants: $(VENV)/mutants tests/engine/node_modules ## Run mutation testing of the server, about an hour (MUTANTS="chalicelib.waiting*" tests only these)
	$(BIN)/python -m tests.mutation $(MUTANTS)

bench: $(VENV)/dev $(VENV)/node tests/engine/node_modules tests/interop/node_modules benchmarks/node_modules package site ## Measure speed and cost, and write docs/benchmarks.md (BENCH="units cost" runs only these)
	@$(PYTHON) -m tools.doctor bench
	$(BIN)/python -m benchmarks $(BENCH)

bench-short: $(VENV)/dev $(VENV)/node tests/engine/node_modules tests/interop/node_modules benchmarks/node_modules package site ## Run each benchmark briefly, and fail if a count, such as the CPU instructions of a request, is over 3 % higher than recorded
	@$(PYTHON) -m tools.doctor bench
	$(BIN)/python -m benchmarks --short $(BENCH)

package: $(VENV)/local ## Build the function's package, build/function.zip
	$(BIN)/python -m tools.package

# The bundle contains all modules that index.html preloads, so the copy of index.html needs no preload links.
site: web/node_modules clients/javascript/node_modules ## Build the page for a static host, in build/site (SITE=...)
	mkdir -p "$(SITE)"
	cp web/style.css web/icon.svg "$(SITE)/"
	grep -v modulepreload web/index.html >"$(SITE)/index.html"
	clients/javascript/node_modules/.bin/esbuild web/src/main.js --outdir="$(SITE)/src" --bundle --splitting --minify \
		--format=esm --chunk-names=[name] --alias:peerpost=./clients/javascript/src --log-level=warning

deploy: package $(VENV)/test ## Deploy to your AWS account, and test the URL (AUTO_APPROVE=1: do not ask; SIGN=1: sign the test requests, for AWS_IAM; PEERPOST_ACCESS_KEY=...: needed if the server requires access keys)
	terraform -chdir=infra init
	terraform -chdir=infra apply $(if $(AUTO_APPROVE),-auto-approve -input=false)
	url=$$(terraform -chdir=infra output -raw url) && $(BIN)/python -m tools.smoke "$$url" $(if $(SIGN),--sign)

destroy: ## Remove the deployment and all of its channels (AUTO_APPROVE=1: do not ask)
	terraform -chdir=infra init
	terraform -chdir=infra destroy $(if $(AUTO_APPROVE),-auto-approve -input=false)

access-key: $(VENV)/local ## Create an access key, and show how to install it on the server
	@$(BIN)/python -m tools.access_key

lock: $(BIN)/uv ## Pin every dependency of pyproject.toml and requirements.txt in uv.lock, with hashes
	$(BIN)/uv lock

format: $(VENV)/dev ## Format the code
	@$(PYTHON) -m tools.doctor format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	terraform fmt -recursive infra

clean: ## Delete what these commands have installed and built (a deployment and Terraform's files stay)
	rm -rf $(VENV) .venv-checkov .venv-ministack tests/*/node_modules benchmarks/node_modules web/node_modules \
		clients/javascript/node_modules examples/node/node_modules build mutants .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Peerpost needs Python 3.11 or newer. To use another Python, run for example: make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)

# Install a dependency group with the versions in uv.lock. pip installs it, so that the settings in your pip.conf apply.
define install
$(BIN)/uv export --quiet --frozen --no-emit-project --group $(1) --output-file $(VENV)/$(1).txt
$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/$(1).txt
endef

# The same for a group that needs an environment of its own.
define install_apart
$(PYTHON) -m venv .venv-$(1)
$(BIN)/uv export --quiet --frozen --only-group $(1) --output-file .venv-$(1)/locked.txt
.venv-$(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement .venv-$(1)/locked.txt
touch .venv-$(1)/ready
endef

$(VENV)/local: uv.lock | $(BIN)/uv
	$(call install,local)
	touch $@

$(VENV)/test: uv.lock tools/doctor.py | $(BIN)/uv
	$(call install,test)
	@if $(PYTHON) -m tools.doctor --needs-ministack; then $(MAKE) .venv-ministack/ready; fi
	touch $@ $(VENV)/local

$(VENV)/dev: $(VENV)/test
	$(call install,dev)
	touch $@

$(VENV)/fuzz: $(VENV)/dev
	$(call install,fuzz) || { echo "$(NO_ATHERIS)" >&2; exit 1; }
	touch $@

$(VENV)/mutants: $(VENV)/dev
	$(call install,mutants)
	touch $@

# Use this machine's Node if it is new enough. Otherwise, install one in the environment.
$(VENV)/node: | $(BIN)/uv
	@if $(PYTHON) -m tools.doctor --needs-node; then set -e; $(call install_node); fi
	touch $@

define install_node
$(BIN)/uv export --quiet --frozen --only-group node --output-file $(VENV)/node.txt; \
$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/node.txt
endef

.venv-checkov/ready .venv-ministack/ready: .venv-%/ready: uv.lock | $(BIN)/uv
	$(call install_apart,$*)

tests/engine/node_modules tests/interop/node_modules tests/npm/node_modules web/node_modules clients/javascript/node_modules examples/node/node_modules benchmarks/node_modules: %/node_modules: %/package.json %/package-lock.json | $(VENV)/node
	npm ci --no-fund --no-audit --loglevel=error --prefix $*
	touch $@
