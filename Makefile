# `make demo` and `make test` need Python >= 3.11 and make, nothing else: both make a virtual environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
EXTRAS ?= dev,build,ui,loaders,openai,timestamps
# Each file stays in one process: what it starts for all of its tests, databases above all, is started once.
TESTS ?= -n 2 --dist loadfile
.DEFAULT_GOAL := help

.PHONY: help demo test lint docs format bench ui clean

help:
	@echo "make demo    show the product once, in a throw-away home"
	@echo "make test    run all tests"
	@echo "make lint    ruff, mypy, import contracts"
	@echo "make ui      serve the page on the sample institution's documents"
	@echo "make bench   measure, and write docs/reference/benchmarks.md"
	@echo "make docs    write the reference pages from the program"
	@echo "make clean   remove the virtual environment and caches"

# What a user installs, and with it what the tests need.
$(VENV)/.product: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed: $(VENV)/.product
	$(INSTALL) --editable ".[$(EXTRAS)]"
	@touch $@

$(VENV)/.page: $(VENV)/.product
	$(INSTALL) --editable ".[ui]"
	@touch $@

demo: $(VENV)/.product
	$(BIN)/compliance-bot demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest $(TESTS)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=ui $(BIN)/mypy ui/server.py ui/app.py ui/session.py ui/look.py ui/views/chat.py ui/views/records.py
	$(BIN)/lint-imports

bench: $(VENV)/.installed
	$(INSTALL) --editable ".[$(EXTRAS),bench]"
	$(BIN)/python -m tests.benchmarks.run

ui: $(VENV)/.page
	COMPLIANCE_BOT_HOME="$${COMPLIANCE_BOT_HOME:-$(CURDIR)/.demo-home}" $(BIN)/compliance-bot ui --sample

docs: $(VENV)/.installed
	$(BIN)/python -m docs.generate

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
