# Two commands are all the set-up there is: `make run` and `make test`. Everything they need goes into .venv and .cache.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 5000
MLFLOW := .cache/mlflow-3.17.2
AZURITE := .cache/azurite-3.35.0
# The web page is built where there is a Node that can; without it everything else works.
NODE := $(shell node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a < 20 || (+a == 20 && +b < 19) ? 1 : 0)' \
	2>/dev/null && command -v npm)
PAGE := src/genesis_flow/server/static/index.html
PAGE_SOURCES := $(shell find ui -path ui/node_modules -prune -o -path ui/test -prune -o -path ui/browser -prune -o -type f -print)
NO_NODE := There is no web page without Node 20.19 or newer.
# A process for each core, each with databases of its own; the tests of a file stay together.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

.PHONY: help run page types test check check-page compat bench docs clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: $(VENV)/.server  ## Start the server on http://127.0.0.1:5000 (PORT=…, HOST=…)
ifdef NODE
	@$(MAKE) --no-print-directory page || echo "The web page could not be built; the server starts without it."
else
	@test -e $(PAGE) || echo "$(NO_NODE)"
endif
	$(BIN)/genesis-flow server --host $(HOST) --port $(PORT)

page: $(if $(NODE),$(PAGE))  ## Build the web page (Node 20.19 or newer)
	@test -e $(PAGE) || { echo "$(NO_NODE)"; exit 1; }

types: $(VENV)/.dev ui/node_modules/.installed  ## Write the types of the web page anew, from the table of operations
	$(BIN)/python ui/describe.py | node ui/openapi.mjs

test: $(VENV)/.dev $(AZURITE)/.asked  ## Run unit tests, store suites, security and fault tests, and the newest MLflow client
	@$(MAKE) --no-print-directory page || test -z "$$CI"
	$(PYTEST) -m "not compat" $(ARGS)

check: $(VENV)/.dev check-page  ## Lint, format, strict types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy contract/generate.py docs/generate.py
	$(BIN)/mypy examples
	MYPYPATH=compat/mlflow $(BIN)/mypy compat/mlflow/mlflow

check-page: $(if $(NODE),$(PAGE))
ifdef NODE
	cd ui && npm run --silent check && npm run --silent test
else
	@echo "$(NO_NODE) It is not checked."; test -z "$$CI"
endif

compat: $(VENV)/.compat $(MLFLOW)/.with-tools  ## Compare with MLflow itself, and run its older clients
	$(BIN)/pyright --pythonpath $(BIN)/python
	GENESIS_MLFLOW_PYTHON=$(abspath $(MLFLOW))/bin/python $(PYTEST) -m compat $(ARGS)
	GENESIS_TEST_CLIENTS=3.1.4,2.22.5 $(PYTEST) tests/blackbox $(ARGS)

bench: $(VENV)/.dev  ## Measure against MLflow and FastTrackML in one sitting (ARGS="--quick")
	$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/.dev  ## Print docs/compatibility.md anew
	$(BIN)/python docs/generate.py

clean:  ## Remove environments and caches
	rm -rf ui/node_modules $(dir $(PAGE))
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.server: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[server]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.server

$(VENV)/.compat: pyproject.toml $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --editable '.[dev,compat]'
	@touch $@

ui/node_modules/.installed: ui/package-lock.json
	cd ui && npm ci --loglevel error --no-audit --no-fund
	@touch $@

$(PAGE): ui/node_modules/.installed $(PAGE_SOURCES)
	cd ui && npm run --silent build -- --logLevel warn

# An Azure for the tests, which are skipped where there is no Node; continuous integration insists on it.
$(AZURITE)/.asked:
	@mkdir -p $(AZURITE)
	npm install --silent --no-audit --no-fund --prefix $(AZURITE) azurite@$(AZURITE:.cache/azurite-%=%) || test -z "$$CI"
	@touch $@

# With what MLflow needs for S3, and the tool that moves things between servers, which does not say that it needs tabulate.
$(MLFLOW)/.with-tools:
	$(PYTHON) -m venv $(MLFLOW)
	$(MLFLOW)/bin/python -m pip install --quiet mlflow==3.17.2 psutil boto3 mlflow-export-import==1.2.0 tabulate
	@touch $@
