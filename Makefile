# Everything that one does here. `make` alone says what there is.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Each worker starts servers of its own, so more than two gain nothing on a small machine.
PYTEST_ARGS ?= -n 2

# Debian's servers live in sbin, which the PATH of an ordinary user leaves out.
export PATH := $(PATH):/usr/sbin:/sbin

.DEFAULT_GOAL := help
.PHONY: help setup services lint test demo demo-engine bench clean

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r target text; \
	do printf '  make %-12s %s\n' "$$target" "$$text"; done

setup: $(STAMP) ## make the virtual environment .venv with everything in it

$(STAMP): pyproject.toml
	tools/venv $(VENV) $(PYTHON)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

services: ## install the programs that the tests start, where apt-get can
	@tools/need git=git dockerd=docker.io docker-registry=docker-registry busybox=busybox-static \
	  nginx=nginx openssl=openssl curl=curl skopeo=skopeo ruby=ruby \
	  chromium=chromium debootstrap=debootstrap docker-compose=docker-compose wrk=wrk

lint: setup ## check style, types and the direction of imports
	$(BIN)/ruff check lsp_assembler tests tools
	$(BIN)/ruff format --check lsp_assembler tests tools
	$(BIN)/mypy lsp_assembler tests tools
	$(BIN)/lint-imports

test: lint services ## lint, then run all tests; set LSP_REQUIRE_SERVICES=1 to fail where a server is missing
	$(BIN)/python -m pytest $(PYTEST_ARGS)

demo: setup ## pack the examples and assemble them, without an engine
	@tools/need git=git
	$(BIN)/python -m tools.demo

demo-engine: setup ## the same in a Docker Engine, a private one if no other answers
	@tools/need git=git busybox=busybox-static
	$(BIN)/python -m tools.demo --engine

bench: setup services ## measure how long assembling takes
	$(BIN)/python -m tools.bench $(BENCH_ARGS)

clean: ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
