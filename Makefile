# Everything below builds inside this folder (.venv, .sextrontgen) and touches nothing outside it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test prove bench lint types check schema migrations lock clean

help: ## these lines
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## build .venv from the hashed requirements

$(READY): requirements/all.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "This Python has no venv module; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Building $(VENV) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/all.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY) ## start the demo: PostgreSQL, two tenants, the server, one token per role
	@exec $(BIN)/sextrontgen demo $(ARGS)

test: $(READY) lint types ## every check that CI runs
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

prove: $(READY) ## the full counts of the tests that prove by number
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --prove -m prove $(ARGS)

bench: $(READY) ## the product against plain Strawberry, side by side, into benchmarks/results/latest.json
	@$(BIN)/python -m benchmarks.compare $(ARGS)

lint: $(READY) ## ruff: style and format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

types: $(READY) ## mypy, strict, tests too
	@$(BIN)/mypy --no-error-summary

schema: $(READY) ## write the committed SDL again from the code
	@$(BIN)/sextrontgen schema > api/schema/schema.graphql

lock: $(READY) ## resolve the requirements again, for every supported Python and platform
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra embedded pyproject.toml -o requirements/runtime.txt $(UPGRADE)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra embedded --group dev pyproject.toml -o requirements/all.txt $(UPGRADE)

clean: ## remove what was built; the demo's data stays
	rm -rf $(VENV) .ruff_cache .hypothesis
