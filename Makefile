# `make help` lists the targets. Needs nothing but make and Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app app
PO := $(wildcard translations/*/LC_MESSAGES/messages.po)
MO := $(PO:.po=.mo)
POT := $(VENV)/messages.pot
PATH_TESTS := $(addprefix tests/outreach/test_,paper.py submit.py counting.py burst.py result.py ticket.py busy.py rollup.py sums.py released.py knowledge.py knowledge_figures.py \
	people.py matrix.py event_import.py event_counts.py board.py kill.py archive.py path_machine.py) tests/core/test_clock_jumps.py tests/core/test_health.py tests/core/test_upgrade.py tests/core/test_jobs.py tests/core/test_backup.py tests/core/test_metrics.py tests/test_migrations.py

.DEFAULT_GOAL := help
.PHONY: help run serve test test-postgresql test-path-postgresql check lint types catalogs strings migrations bench bench-growth kill-test path-machine wapiti audit signal-test cluster-test bench-partition lock screenshots

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

run: $(VENV)/run $(MO) ## prepare everything with demo data and start the server
	@$(FLASK) demo
	@exec $(FLASK) serve --own-key

serve: $(VENV)/run $(MO) ## start the production server with the settings of the environment
	@exec $(FLASK) serve

test: $(VENV)/dev $(MO) ## run all tests on SQLite
	$(BIN)/pytest -n auto --dist loadfile

test-postgresql: $(VENV)/dev $(MO) ## run all tests on a PostgreSQL of their own
	TEST_DATABASE=postgresql $(BIN)/pytest -n auto --dist loadfile

check: lint types catalogs migrations test test-path-postgresql ## everything that CI checks

lint: $(VENV)/dev ## format and lint, Python and templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/bandit --quiet --configfile pyproject.toml --severity-level medium --recursive app.py core outreach question_bank
	$(BIN)/djlint --lint --quiet templates
	$(FLASK) questions check

types: $(VENV)/dev ## static types
	$(BIN)/mypy

catalogs: $(VENV)/dev ## translations are complete and current
	$(BIN)/pytest tests/test_translations.py

migrations: $(VENV)/dev ## models and migrations agree
	$(BIN)/pytest tests/test_migrations.py

strings: $(VENV)/dev ## collect new words for people into the catalogs
	$(BIN)/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext -k N_ --no-location --sort-output --omit-header -o $(POT) .
	$(BIN)/pybabel -q update -i $(POT) -d translations --no-fuzzy-matching --ignore-obsolete
	$(BIN)/python tools/traditional_catalog.py
	$(BIN)/pybabel -q compile -d translations

test-path-postgresql: $(VENV)/dev $(MO) ## run the tests of the participant's path on PostgreSQL
	TEST_DATABASE=postgresql $(BIN)/pytest -n auto --dist loadfile $(PATH_TESTS)

bench: $(VENV)/dev $(MO) ## flows per second beside a bare Flask, then 2,000 phones within 10 s
	$(BIN)/python tools/bench.py

bench-growth: $(VENV)/dev $(MO) ## cost of each page against the number of attempts (FULL=--full: 5 million)
	$(BIN)/python tools/bench_growth.py $(FULL)

kill-test: $(VENV)/dev $(MO) ## kill the server's processes under load a hundred times; nothing may be lost
	$(BIN)/python tools/kill.py

cluster-test: $(VENV)/dev $(MO) ## kill the leading of three database machines (Patroni, etcd) under load; nothing may be lost
	$(BIN)/python tools/cluster_test.py $(CLUSTER)

bench-partition: $(VENV)/dev $(MO) ## what splitting attempts into partitions takes and costs
	$(BIN)/python tools/bench_partition.py

signal-test: $(VENV)/dev $(MO) ## hand in from a thousand phones through a bad signal (RUNS=1000); nothing may be lost or doubled
	$(BIN)/python tools/signal_test.py --runs $(or $(RUNS),1000)

path-machine: $(VENV)/dev $(MO) ## let phones, organizers and days do anything in any order, in STORIES=300 stories
	$(BIN)/python tools/path_machine.py --stories $(or $(STORIES),300)

wapiti: $(VENV)/dev $(MO) ## scan a running server for holes, SECONDS=60 with each kind of attack (apt install wapiti)
	WAPITI_SECONDS=$(or $(SECONDS),60) $(BIN)/pytest -rs tests/core/test_wapiti.py

audit: $(VENV)/dev ## ask for known holes of the locked dependencies; needs the network
	$(BIN)/uv tool run pip-audit@2.9.0 --strict --require-hashes --disable-pip -r requirements/run.txt

screenshots: $(VENV)/dev $(MO) ## picture every page in each language into screenshots/
	$(BIN)/python tools/screenshots.py

lock: $(VENV)/dev ## resolve the dependencies anew into requirements/
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --group dev pyproject.toml -o requirements/dev.txt

%.mo: %.po $(VENV)/run
	@$(BIN)/pybabel -q compile -i $< -o $@

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: $(PYTHON) was not found" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: $$($(PYTHON) --version)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "the module venv is missing; on Debian: apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }

$(VENV)/run: requirements/run.txt | $(VENV)/bin/python
	@echo "Installing what the server needs ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@touch $@

$(VENV)/dev: requirements/dev.txt | $(VENV)/run
	@echo "Installing what the tests need ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
