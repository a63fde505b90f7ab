# Virage. `make` lists the targets. Python >= 3.11 and make are all that a machine needs.

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
STEP := @$(PYTHON) -I src/virage/cli/steps.py
WEB_SOURCES := $(shell find web src/virage/messages -path web/node_modules -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run cameras setup phone check test test-fast test-ops bench wheel screens api lock clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: .venv/.built src/virage/web/index.html ## Start everything: database, sandbox provider, worker, web on http://localhost:8000
	@exec virage run

cameras: .venv/.built ## Beside `make run`: two synthetic test cameras, for replays
	@exec virage cameras

setup: .venv/.built src/virage/web/index.html ## Build .venv and the web, start the database once, migrate, load the demo
	@virage setup

phone: .venv/.built src/virage/web/index.html ## Serve to phones in the local network over HTTPS
	@exec virage phone

check: .venv/.dev src/virage/web/index.html ## Check formatting, types, import rules and documentation
	ruff format --check .
	ruff check .
	mypy
	deptry src
	python checks/imports.py
	python checks/migrations.py
	python checks/tidy.py
	python checks/promises.py
	python checks/contract.py
	python checks/venue_schema.py
	python -m checks.refusals
	python -m checks.transactions
	python -m checks.roles
	python -m checks.census
	python -m checks.locks
	pytest -q tests/test_queries.py tests/test_locks.py
	npm --prefix web run check
	node web/floor/built.mjs

# Tests of whole programs, of browsers and beside other servers.
WHOLE := tests/app tests/cli tests/faults tests/golden tests/web tests/identity/people/test_sso.py tests/money/payments/test_localstripe.py \
	tests/media/live/test_edge.py tests/media/replay/test_ingest.py tests/media/tracking/test_ball.py tests/platform/data/test_objects.py tests/platform/data/test_pooler.py
COSE := tests/identity/passes/cose/.venv/.installed
LOCALSTRIPE := tests/money/payments/localstripe/.venv/.installed
CAP := tests/control/safety/cap/.venv/.installed
FAST = pytest -q -rfE -n 3 --dist worksteal $(WHOLE:%=--ignore=%)

# What tests start again and again is compiled once.
test test-fast: export PYTHONDONTWRITEBYTECODE :=
test-fast: .venv/.dev $(COSE) $(CAP) src/virage/web/index.html ## Run the tests of rules, stores and routes: no browser, no other server, no root
	$(FAST)

test: .venv/.dev $(COSE) $(CAP) $(LOCALSTRIPE) src/virage/web/index.html tests/azurite/node_modules/.installed tests/openid/node_modules/.installed tests/web/engines/node_modules/.installed ## Run all tests, from rules to real browsers
	npm --prefix web test
	python checks/servers.py
	VIRAGE_CHROMIUM="$$(python checks/chromium.py)" && export VIRAGE_CHROMIUM && \
	{ $(FAST); fast=$$?; pytest -q -rfER -n 3 --dist worksteal $(WHOLE) && exit $$fast; }

conformance: .venv/.dev $(LOCALSTRIPE) ## Print what was tried with each payment provider, as a table
	python -m checks.conformance

test-ops: .venv/.dev src/virage/web/index.html ## Run the fault tests at full length: more fans, tills and kills
	python checks/servers.py
	VIRAGE_TEST_OPS=1 pytest -q -rfE tests/faults

bench: .venv/.dev src/virage/web/index.html ## Run all benchmarks, one JSON line each (gate_offline and arrivals are run on their own)
	python checks/servers.py
	VIRAGE_CHROMIUM="$$(python checks/chromium.py)" && export VIRAGE_CHROMIUM && \
	for name in best_seats routes evacuation forecast passes ledger reconcile onsale pooler gate control tap halftime figures fanout alert replay pitch notices seatmap openapi import signin web; do python -m benchmarks.$$name $(BENCH) || exit 1; done

wheel: .venv/.dev src/virage/web/index.html ## dist/virage-*.whl, with the built web inside
	python -m build --wheel --no-isolation --outdir dist .

screens: .venv/.dev src/virage/web/index.html ## Take the pictures of docs/screens/ again; all others go to var/screens/
	VIRAGE_CHROMIUM="$$(python checks/chromium.py)" && export VIRAGE_CHROMIUM && python -m tests.web.screens

api: .venv/.dev web/node_modules/.installed ## Regenerate the web's API client from the OpenAPI document, and its list of refusal codes
	npm --prefix web run api
	python -m checks.refusals --write

lock: .venv/.dev ## Lock the newest versions that pyproject.toml admits
	uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --group dev pyproject.toml -o requirements-dev.txt
	uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --group build -c requirements-dev.txt pyproject.toml -o requirements.txt
	echo cwt | uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 - -o tests/identity/passes/cose/requirements.txt
	echo localstripe | uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 - -o tests/money/payments/localstripe/requirements.txt

clean: ## Remove what was built; var/ with its data stays
	rm -rf .venv dist web/node_modules tests/azurite/node_modules tests/openid/node_modules tests/web/engines/node_modules tests/identity/passes/cose/.venv tests/money/payments/localstripe/.venv tests/control/safety/cap/.venv src/virage/web .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find benchmarks src tests -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here: install Python 3.11 or newer, or name it (make PYTHON=python3.11 run)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Virage needs Python 3.11 or newer: make PYTHON=python3.11 run")'
	$(STEP) "Python environment" $(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.built: .venv/bin/python requirements.txt pyproject.toml
	$(STEP) "Python packages" pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(STEP) "Virage" pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

.venv/.dev: .venv/.built requirements-dev.txt
	$(STEP) "Test packages" pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

web/node_modules/.installed: .venv/.built web/package.json web/package-lock.json
	$(STEP) "Web packages" npm --prefix web ci --no-audit --no-fund --loglevel=error
	@touch $@

$(COSE): .venv/bin/python tests/identity/passes/cose/requirements.txt
	$(STEP) "A second COSE library" $(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install -q --disable-pip-version-check --require-hashes -r tests/identity/passes/cose/requirements.txt
	@touch $@

$(LOCALSTRIPE): .venv/bin/python tests/money/payments/localstripe/requirements.txt
	$(STEP) "localstripe" $(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install -q --disable-pip-version-check --require-hashes -r tests/money/payments/localstripe/requirements.txt
	@touch $@

# The library names an old lxml, which has no wheel for this Python: only these two, without what they depend on.
$(CAP): .venv/bin/python tests/control/safety/cap/requirements.txt
	$(STEP) "A CAP library" $(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install -q --disable-pip-version-check --no-deps --require-hashes -r tests/control/safety/cap/requirements.txt
	@touch $@

tests/azurite/node_modules/.installed: .venv/.built tests/azurite/package.json tests/azurite/package-lock.json
	$(STEP) "Azurite" npm --prefix tests/azurite ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

tests/openid/node_modules/.installed: .venv/.built tests/openid/package.json tests/openid/package-lock.json
	$(STEP) "An OpenID provider" npm --prefix tests/openid ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

tests/web/engines/node_modules/.installed: .venv/.built tests/web/engines/package.json tests/web/engines/package-lock.json
	$(STEP) "Browser drivers" npm --prefix tests/web/engines ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

src/virage/web/index.html: web/node_modules/.installed $(WEB_SOURCES)
	$(STEP) "Web" npm --prefix web run build
	@touch $@
