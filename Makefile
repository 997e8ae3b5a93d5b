# Every target does all of its set-up itself, once; progress goes to stderr, results to stdout. See docs/development.md.
# ARGS is passed on: make demo ARGS=--json, make test ARGS="tests/frost -k vectors".

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-contracts bench lint contracts lock clean

ARGS ?=
FAMILIES ?=
bin := .venv/bin
uv_compile = pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11

help: ## Print the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: ## Make .venv and the tools, if anything changed
	@.ci/setup.sh

demo: setup ## Run the whole story on local chains; FAMILIES=evm chooses chain families
	@$(bin)/ballast demo $(if $(FAMILIES),--families "$(FAMILIES)") $(ARGS)

# By file, since the tests of one file may share something that is slow to start. Many wait for blocks and rounds, so that
# half as many processes again as processors are of use. ARGS="-n 0" runs them in one process.
test: setup ## Run the tests, on all processors; the first time local nodes are compiled, which takes minutes
	@$(bin)/ballast devnet prepare >/dev/null
	@$(bin)/python -m pytest -n $$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2)) --dist loadfile $(ARGS)

test-contracts: setup ## Run the contracts' own tests, of every family or of FAMILY=folder
	@for script in contracts/$(or $(FAMILY),*)/test.sh; do $$script $(ARGS); done

bench: setup ## Measure: one line per figure, and build/bench.json
	@$(bin)/python -m tests.bench $(ARGS)

lint: setup ## Check style, types and the rules of dependence
	@.ci/lint.sh

contracts: setup ## Compile the contracts and write the committed artifacts, of every family or of FAMILY=folder
	@for script in contracts/$(or $(FAMILY),*)/build.sh; do $$script $(ARGS); done

lock: setup ## Resolve the locks anew from pyproject.toml (upgrades within its bounds)
	@uv=$$(.ci/uv.sh "$$(.ci/python.sh)"); \
	$$uv $(uv_compile) --extra dev pyproject.toml -o requirements.lock; \
	for name in uv build node go; do $$uv $(uv_compile) .ci/requirements-$$name.in -o .ci/requirements-$$name.lock; done

clean: ## Remove what was built here (not .venv, not the cache)
	@rm -rf build dist .devnet .devnet-node .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache \
		contracts/target contracts/*/out contracts/*/cache contracts/*/node_modules contracts/*/target
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
