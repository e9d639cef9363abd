# Two commands are all the set-up there is: `make run` and `make test`. Everything they need goes into .venv and .cache.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 5000
MLFLOW := .cache/mlflow-3.17.2
AZURITE := .cache/azurite-3.35.0
# A process for each core, each with databases of its own; the tests of a file stay together.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

.PHONY: help run test check compat bench docs clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: $(VENV)/.server  ## Start the server on http://127.0.0.1:5000 (PORT=…, HOST=…)
	$(BIN)/genesis-flow server --host $(HOST) --port $(PORT)

test: $(VENV)/.dev $(AZURITE)/.asked  ## Run unit tests, store suites, security and fault tests, and the newest MLflow client
	$(PYTEST) -m "not compat" $(ARGS)

check: $(VENV)/.dev  ## Lint, format, strict types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy contract/generate.py docs/generate.py
	$(BIN)/mypy examples
	MYPYPATH=compat/mlflow $(BIN)/mypy compat/mlflow/mlflow

compat: $(VENV)/.compat $(MLFLOW)/.with-tools  ## Compare with MLflow itself, and run its older clients
	$(BIN)/pyright --pythonpath $(BIN)/python
	GENESIS_MLFLOW_PYTHON=$(abspath $(MLFLOW))/bin/python $(PYTEST) -m compat $(ARGS)
	GENESIS_TEST_CLIENTS=3.1.4,2.22.5 $(PYTEST) tests/blackbox $(ARGS)

bench: $(VENV)/.dev  ## Measure against MLflow and FastTrackML in one sitting (ARGS="--quick")
	$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/.dev  ## Print docs/compatibility.md anew
	$(BIN)/python docs/generate.py

clean:  ## Remove environments and caches
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
