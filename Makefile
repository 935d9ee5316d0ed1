# The two commands of the README are `make demo` and `make test`; `make help` lists the rest.
# Everything is installed into .venv beside this file, by install/install.sh, and only when it is not there yet.

.DEFAULT_GOAL := help
.PHONY: demo test test-all check lock docs clean help dev warm
.NOTPARALLEL:

SHELL := /bin/sh
VENV := .venv
PYTHON := $(VENV)/bin/python
# TESTED=1: `make test` has just passed, so `make test-all` runs what it left out: the long tests, and properties on all examples.
# LOG: your own event log. DATA: where data folders go. SOJOURN_DEMO=report: a report, and no port is opened. WORKERS: processes that run tests.
LOG ?=
DATA ?= var/demo
WORKERS ?= 2

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: ## the console on a simulated shop that you walk through, or on LOG=FILE after a report on it
	@sh install/demo.sh '$(DATA)' '$(LOG)'

test: warm ## the tests of a few minutes
	@$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal -m 'not long' $(ARGS)

test-all: warm ## every test, the long ones too, each property on more examples
	@SOJOURN_THOROUGH=1 $(PYTHON) -m pytest -n $(WORKERS) --dist worksteal $(if $(TESTED),-m 'long or hypothesis') $(ARGS)

check: dev ## format, lint, types and import fences
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@$(VENV)/bin/lint-imports

lock: dev ## renew both locks from pyproject.toml
	@sh install/lock.sh '$(PYTHON)'

docs: dev ## write the pages of docs/ that list commands, results, names of events
	@$(PYTHON) -m sojourn.app.pages docs

clean: ## remove everything that make made, the data of the demo too
	rm -rf $(VENV) var build dist report.html .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

dev:
	@sh install/install.sh dev

warm:
	@sh install/install.sh dev warm
