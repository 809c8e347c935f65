# Every target sets up what it needs: a virtual environment in .venv with the locked packages.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
BIN := .venv/bin
LOCKS := requirements.lock requirements-dev.lock requirements-setup.lock

# Servers that start again and again would compile whatever they import each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test simulate drill kills timing tampers outsiders link canaries walks pictures check format lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: .venv/installed  ## the virtual environment, nothing else

demo: setup  ## the town to play with: phone, ATM, switch, agent; in a pipe, the story told from end to end
	@$(BIN)/makeba demo

test: setup  ## all tests, on PostgreSQL servers of their own
	$(BIN)/pytest --numprocesses=3 --dist=loadfile --no-loadscope-reorder

simulate: setup  ## towns with a lossy switch: SEED=, WITHDRAWALS= (a million); ends with one JSON line
	@$(BIN)/python -m tests.simulation --seed $(or $(SEED),1) --withdrawals $(or $(WITHDRAWALS),1000000)

drill: setup  ## guess codes at a town: SEED=, GUESSES= (a million); ends with one JSON line
	@$(BIN)/python -m tests.simulation.guessing --seed $(or $(SEED),1) --guesses $(or $(GUESSES),1000000)

kills: setup  ## kill server, sessions and PostgreSQL under load: KILLS= (200); nothing acknowledged may be lost or doubled
	@KILLS=$(or $(KILLS),200) $(BIN)/pytest tests/durability/test_kills.py

timing: setup  ## whether a stranger's number is told by time: SAMPLES= (2000); writes docs/security/timing.json
	@$(BIN)/python -m tests.timing --samples $(or $(SAMPLES),2000) | tee docs/security/timing.json

tampers: setup  ## change exports and databases at random: SEED=, EXPORTS= (10,000), DATABASES= (100); each must be found
	@$(BIN)/python -m tests.verifier.campaign --seed $(or $(SEED),1) --exports $(or $(EXPORTS),10000) --databases $(or $(DATABASES),100)

outsiders: setup  ## hledger and beancount on random histories and changed files: HISTORIES=, MUTATIONS= (1,000)
	@$(BIN)/python -m tests.exports --histories $(or $(HISTORIES),1000) --mutations $(or $(MUTATIONS),1000)

link: setup  ## attack the switch's link: MESSAGES= of each kind (ten thousand), SEED=; ends with one JSON object
	@$(BIN)/python -m tests.server.link --seed $(or $(SEED),1) --messages $(or $(MESSAGES),10000)

canaries: setup  ## secrets of every kind, looked for in all that is written: DAYS= (40); writes docs/security/canaries.json
	@$(BIN)/python -m tests.server.canaries --days $(or $(DAYS),40) | tee docs/security/canaries.json

pictures: setup  ## draw the screenshots in docs/pictures anew
	@$(BIN)/python -m tests.simulator.screens.pictures docs/pictures
	@DESK_PICTURES=docs/pictures $(BIN)/pytest --quiet tests/server/desk/test_browser.py

check: setup  ## formatter, linter, types, import contracts, SQL
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint ledger queries commands

audit: setup .venv-audit/installed  ## tools and our own rules over the source; writes docs/security/audit.md
	@$(BIN)/python -m tests.security.audit

campaign: setup  ## every operation of the API as everybody, 20,000 cases; writes docs/security/campaign.json
	@$(BIN)/python -m tests.security.campaign --seed $(or $(SEED),1) > docs/security/campaign.json

walks: setup  ## chains of calls along the API's links: WALKS= (100), STEPS= (12), SEED=; writes docs/security/walks.json
	@$(BIN)/python -m tests.security.walks --seed $(or $(SEED),1) --walks $(or $(WALKS),100) --steps $(or $(STEPS),12) | tee docs/security/walks.json

format: setup  ## put the source into its one form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lock: setup  ## choose versions anew: hashes only, no addresses
	$(BIN)/uv pip compile $(COMPILE) pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile $(COMPILE) --group audit -o requirements-audit.lock
	$(BIN)/uv pip compile $(COMPILE) --group setup -c requirements-dev.lock -o requirements-setup.lock
COMPILE := --quiet --upgrade --universal --generate-hashes --no-header --python-version 3.11

clean:  ## remove what was set up
	rm -rf .venv .venv-audit .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .benchmarks

# The stamp is written last, so an install that was cut off is done again. uv comes by pip once
# and is then part of the environment that it keeps.
.venv/installed: $(LOCKS) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "makeba needs Python 3.11 or newer")'
	@$(BIN)/uv --version >/dev/null 2>&1 || { $(PYTHON) -m venv --clear .venv \
	    && $(BIN)/python -m pip install --quiet --require-hashes -r requirements-setup.lock; }
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# The audit's tools have an environment of their own: nothing that runs the product depends on them.
.venv-audit/installed: requirements-audit.lock | setup
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-audit
	@$(BIN)/uv pip sync --quiet --python .venv-audit/bin/python --require-hashes requirements-audit.lock
	@touch $@
