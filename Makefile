# Everything a person runs. `make demo` and `make test` work from a bare checkout with Python 3.11 or newer.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEVELOPMENT := .venv/.development

# The machine's own certificates, where it has some: many hospitals' networks answer with one of their own.
CERTIFICATES := $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),--system-certs)
SYNC := $(BIN)/uv pip sync --quiet --require-hashes $(CERTIFICATES)

.DEFAULT_GOAL := help
.PHONY: words help env demo demo-reset test test-rooms test-journeys check screenshots bench interval-coverage clean

help:
	@echo "make demo [PORT=8000]   start everything on this machine, with a demonstration study"
	@echo "make demo-reset         delete the demonstration and its data"
	@echo "make test               every check and every test"
	@echo "make words              bring the catalogues of all languages up to date, and say what is missing"
	@echo "make bench              the benchmarks, each beside a bare baseline"
	@echo "make interval-coverage  how often the default intervals cover the truth, by simulation"
	@echo "make env                the Python environment in .venv, nothing else"

env: $(RUNTIME)

$(BIN)/uv: requirements-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "readerstudy needs Python 3.11 or newer as $(PYTHON). Install it, or name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

# The development environment holds all of the runtime one, so it is never taken back to that.
$(RUNTIME): requirements.txt $(BIN)/uv
	@if [ -f $(DEVELOPMENT) ]; then $(MAKE) --no-print-directory $(DEVELOPMENT); else $(SYNC) requirements.txt requirements-uv.txt; fi
	@touch $@

$(DEVELOPMENT): requirements-dev.txt $(BIN)/uv
	@$(SYNC) requirements-dev.txt
	@touch $(RUNTIME) $@

demo: $(RUNTIME)
	@exec $(BIN)/python manage.py demo --port $(PORT)

demo-reset: $(RUNTIME)
	@exec $(BIN)/python manage.py demo --reset

# Two runs beside each other, each with a PostgreSQL of its own: the rooms; and the viewer, uploads from a browser, and
# whole journeys through a running site.
IN_A_BROWSER = tests/viewer tests/cases/test_upload_browser.py

test: check
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-rooms test-journeys

test-rooms: $(DEVELOPMENT)
	READERSTUDY_VAR=$(CURDIR)/var/test $(BIN)/python -m pytest --ignore=tests/journeys $(IN_A_BROWSER:%=--ignore=%)

test-journeys: $(DEVELOPMENT)
	READERSTUDY_VAR=$(CURDIR)/var/journeys $(BIN)/python -m pytest $(IN_A_BROWSER) tests/journeys

# The pictures in the documentation are those that the journeys took, with fewer colours to keep them small.
screenshots: export READERSTUDY_PICTURES = 1
screenshots: test-journeys
	$(BIN)/python -m tests.journeys.pictures var/journeys/screenshots docs/screenshots

words: $(DEVELOPMENT)
	READERSTUDY_VAR=$(CURDIR)/var/test $(BIN)/python -m tests.languages.catalogue

check: $(DEVELOPMENT)
	@$(BIN)/python tests/prerequisites.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --check --target-version 5.2 $$(find templates -name '*.html')
	$(BIN)/mypy
	$(BIN)/lint-imports
	READERSTUDY_VAR=$(CURDIR)/var/test $(BIN)/python manage.py makemigrations --check --dry-run
	READERSTUDY_VAR=$(CURDIR)/var/test $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

bench: $(DEVELOPMENT)
	READERSTUDY_VAR=$(CURDIR)/var/bench $(BIN)/python -m benchmarks

interval-coverage: $(DEVELOPMENT)
	@$(BIN)/python -m benchmarks.interval_coverage

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
