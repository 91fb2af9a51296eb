# make demo: see it at work · make test: everything that must hold · make bench: how fast it is

SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
PYTEST_ARGS ?= -q -n 2
SEEDS ?= 0 20
BENCH_ARGS ?=
RUNS ?= 20000
TARGETS ?=

.PHONY: help environment demo test lint types layers check bench forms soundness broken fuzz readme docs man docs-rules clean

help:
	@head -n 1 Makefile | cut -c 3-

environment:
	@bash tools/environment.sh

demo: environment
	@bash tools/demo.sh

test: environment
	@bash tools/need.sh tshark chromium
	@$(MAKE) --no-print-directory lint types layers check

lint: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: environment
	$(BIN)/mypy

layers: environment
	$(BIN)/lint-imports --no-logo

check: environment
	$(BIN)/pytest $(PYTEST_ARGS)

bench: environment
	@bash tools/need.sh tshark tcpdump
	$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

soundness: environment
	$(BIN)/python tools/damage.py $(SEEDS)

broken: environment
	$(BIN)/python tools/broken.py $(SEEDS)

fuzz: environment
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install -q -c constraints.txt -e '.[fuzz]'
	$(BIN)/python tools/fuzzing.py $(TARGETS) $(if $(SECONDS_A_TARGET),--seconds $(SECONDS_A_TARGET),--runs $(RUNS))

forms: environment
	@bash tools/need.sh tshark
	$(BIN)/python benchmarks/forms_table.py

readme: environment
	$(BIN)/python tools/shown_output.py

docs: environment
	$(BIN)/zensical build --strict --clean

man: environment
	$(BIN)/python tools/man_page.py

docs-rules: environment
	$(BIN)/python tools/rule_pages.py

clean:
	rm -rf .venv build dist site .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find nfsanalyze dissect -name __pycache__ -prune -exec rm -rf {} +
