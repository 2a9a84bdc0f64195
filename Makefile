# Works with GNU make 3.81 (macOS). A target that is up to date costs nothing, so `make run` is fast the second time.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
STEP := sh session_core/launch/step.sh
# Another interpreter: make run PYTHON=/opt/python3.12/bin/python3
PYTHON ?=
UV_VERSION := 0.13.9

# Most tests wait for real servers, so three at a time keep two cores busy. A module's tests stay together, and the
# longest modules begin first: none is waited for at the end.
PARALLEL := -n 3 --dist loadscope --no-loadscope-reorder
# Each has an installation of its own, which is several processes already.
PARALLEL_E2E := -n 2 --dist loadscope --no-loadscope-reorder

RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
NPM := node_modules/.installed

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NPM_CONFIG_LOGLEVEL := error

.PHONY: help setup chromium run build migrate doctor test test-unit chaos soak check bench lock clean

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## Start everything and print the address; Ctrl-C stops it
	@$(PY) -m session_core run

test: setup $(DEV) ## Run all tests (unit, integration, e2e); ARGS="-k word" chooses some
	@if [ -n "$(ARGS)" ]; then $(VENV)/bin/pytest $(ARGS); else \
	  $(VENV)/bin/pytest $(PARALLEL) -m "not chaos" tests/chaos tests/integration tests/unit && $(VENV)/bin/pytest $(PARALLEL_E2E) tests/e2e; fi

test-unit: $(DEV) ## Run the tests that do no I/O
	@$(VENV)/bin/pytest tests/unit $(ARGS)

chaos: setup $(DEV) ## Break real processes and print what it cost; ARGS="-k word" chooses some
	@$(VENV)/bin/pytest -m "chaos or short" tests/chaos tests/integration $(ARGS)

soak: setup $(DEV) ## A day with shortened intervals: what it uses must stay flat; SOAK_MINUTES=20
	@SOAK_MINUTES=$${SOAK_MINUTES:-20} $(VENV)/bin/pytest -s tests/chaos/test_soak.py $(ARGS)

check: $(DEV) ## Lint, format, types, layers
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

bench: setup $(DEV) ## Measure and print the numbers
	@$(PY) -m benchmarks $(ARGS)

setup: $(RUNTIME) $(NPM) chromium ## Install what is missing, start nothing

build: $(RUNTIME) $(NPM) ## Build the pages if their sources changed
	@$(PY) -c "from session_core.launch.frontend import ensure_frontend; ensure_frontend()"

migrate: $(RUNTIME) ## Bring the database to the newest tables
	@$(PY) -m session_core migrate

doctor: $(RUNTIME) ## Say what is missing on this machine
	@$(PY) -m session_core doctor

chromium: $(RUNTIME)
	@$(PY) -m session_core.launch.chromium_setup

# The first Python from 3.14 down to 3.11, else a python3 that is new enough.
$(PY):
	@found=; \
	for name in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3; do \
	  if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$name; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "WhaHook needs Python 3.11 or newer: install it, or name it: make run PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	$(STEP) "Making the virtual environment ($$($$found --version))" $$found -m venv $(VENV)

$(RUNTIME): requirements.txt | $(PY)
	@$(STEP) "Installing the Python packages" $(PY) -m pip install -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@$(STEP) "Installing the packages for tests and checks" $(PY) -m pip install -r requirements-dev.txt
	@touch $@

$(NPM): package-lock.json package.json .npmrc
	@if ! command -v npm >/dev/null 2>&1 || ! node -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)' 2>/dev/null; then \
	  echo "WhaHook needs Node.js 18 or newer with npm: install it and run this again." >&2; exit 1; \
	fi
	@$(STEP) "Installing the npm packages" npm ci
	@touch $@

lock: $(DEV) ## Resolve the requirements anew and write the lock files
	@$(STEP) "Installing uv" $(PY) -m pip install uv==$(UV_VERSION)
	@for name in requirements requirements-dev; do \
	  $(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	    --no-header --no-annotate $$name.in -o $$name.txt || exit 1; \
	done
	@$(STEP) "Writing package-lock.json" npm install --package-lock-only

clean: ## Delete everything that was installed or built; your data stays
	rm -rf $(VENV) node_modules .web .states assets/external .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
