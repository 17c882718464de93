# make demo, make test: each sets up all that it needs first, and is quick when that is there.
PYTHON ?= python3
SYSTEM ?= install
export PYTHON SYSTEM
BIN := .venv/bin
# Benches that need a GPU, Ray, or files of others
ELSEWHERE := bench/engine.py bench/suite.py bench/recorded_boxes.py bench/published_log.py

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint bench format clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 14

demo: ## Set up, then watch the agent drive two real applications
	@packaging/setup.sh system run
	@packaging/setup.sh python
	@$(BIN)/agent-app demo

test: lint ## Set up, then check the code and run every test
	@packaging/test.sh $(BIN)/pytest

lint: ## Set up, then check the code without running it
	@packaging/setup.sh system run test
	@packaging/setup.sh python dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

bench: ## Set up, then measure all that needs no GPU, no Ray and no files of others
	@packaging/setup.sh system run test bench
	@packaging/setup.sh python dev
	@set -e; for file in $(filter-out $(ELSEWHERE),$(wildcard bench/*.py)); do $(BIN)/python $$file; done

format: ## Sort imports and lay out the code
	@packaging/setup.sh python dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove what these commands made in this folder
	rm -rf .venv demo-output dist build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
