# `make rehearse` and `make test` do all their own set-up: they need Python 3.11+ and a package index.
PYTHON ?= python3
VENV := .venv
AWSCLI_VENV := .venv-awscli
BIN := $(VENV)/bin
export GOLDENAMI_AWSCLI := $(CURDIR)/$(AWSCLI_VENV)/bin/aws

.PHONY: help rehearse test lint format bench clean
help:
	@echo "make rehearse   run the example release file on an embedded AWS"
	@echo "make test       lint, types and every test"
	@echo "make lint       ruff and mypy alone"
	@echo "make format     let ruff format the code"
	@echo "make bench      measure start-up, audit, evaluator and bake beside their yardsticks"
	@echo "make clean      remove the environments this file made"

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "goldenami needs Python 3.11 or newer; try: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# The AWS CLI pins botocore, so it lives in an environment of its own.
$(AWSCLI_VENV)/.ready:
	$(PYTHON) -m venv $(AWSCLI_VENV)
	$(AWSCLI_VENV)/bin/pip install --quiet --disable-pip-version-check awscli
	@touch $@

rehearse: $(VENV)/.ready
	$(BIN)/goldenami rehearse $(RELEASE)

test: lint $(AWSCLI_VENV)/.ready
	$(BIN)/pytest --numprocesses auto --dist worksteal --cov --cov-report term:skip-covered --cov-fail-under 95 $(ARGS)
	$(BIN)/coverage report --include 'src/goldenami/iam/*' --fail-under 100 --skip-covered

lint: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.ready
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/evaluator.py
	$(BIN)/python benchmarks/bake.py

clean:
	rm -rf $(VENV) $(AWSCLI_VENV) dist .coverage .mypy_cache .pytest_cache .ruff_cache
