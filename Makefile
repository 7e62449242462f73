# Two commands do everything, each with its own set-up: make demo, make test.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO ?= demo

.PHONY: demo test lint clean help

help:
	@echo "make demo   build a corpus, tune a model, score it, publish the pages"
	@echo "make test   run the tests"
	@echo "make lint   ruff and mypy"

# An existing environment is brought up to date when the dependencies change. The CPU build of torch
# is small; where an index offers only the CUDA one, that is taken.
$(READY): pyproject.toml
	test -x $(BIN)/python || $$(command -v $(PYTHON) || command -v python3) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'torch==2.13.0'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/isogloss run builders/recipes/starter.toml --out $(DEMO)

test: $(READY)
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(DEMO) .pytest_cache .mypy_cache .ruff_cache
