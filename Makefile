# Two commands do everything, each with its own set-up: make demo, make test.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO ?= demo
PIP := -m pip --disable-pip-version-check --quiet
NEW_VENV = $$(command -v $(PYTHON) || command -v python3) -m venv

.PHONY: demo test lint wheel constraints audit clean help

help:
	@echo "make demo          build a corpus, tune a model, score it, publish the pages"
	@echo "make test          run the tests"
	@echo "make lint          ruff, mypy and the rooms' imports"
	@echo "make wheel         build the wheel, into dist/"
	@echo "make constraints   write the newest versions of all libraries to constraints.txt"
	@echo "make audit         look the versions of constraints.txt up among known vulnerabilities"

# An existing environment is brought up to date when the dependencies change. Where the index has a
# CPU build of torch, which is small, that is taken: to pip it is the newer one of the same version.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(NEW_VENV) $(VENV)
	$(BIN)/python $(PIP) install --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/isogloss run starter --out $(DEMO)

test: $(READY)
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# setuptools would take what an earlier version left in build/.
wheel: $(READY)
	rm -rf build dist
	$(BIN)/python $(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

# What is newest passes when make test says so, and is committed then. The local part of a version
# (torch's +cpu) is left out: it is the index's.
constraints:
	rm -rf $(VENV)-newest
	$(NEW_VENV) $(VENV)-newest
	$(VENV)-newest/bin/python $(PIP) install --upgrade setuptools '.[dev]'
	$(VENV)-newest/bin/python $(PIP) freeze --all --exclude pip --exclude isogloss > $(VENV)-newest/found
	sed -E 's/\+.*//' $(VENV)-newest/found > constraints.txt
	rm -rf $(VENV)-newest

audit:
	test -x $(VENV)-audit/bin/python || $(NEW_VENV) $(VENV)-audit
	$(VENV)-audit/bin/python $(PIP) install --upgrade pip-audit
	$(VENV)-audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip

clean:
	rm -rf $(DEMO) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
