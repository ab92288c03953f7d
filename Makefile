# What a checkout can do. `make demo` and `make test` set everything up by themselves; a second call is quick.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export MLNB_DEMO_HOME ?= $(CURDIR)/.state/demo

.PHONY: help setup demo lab test check fix bench screenshots image clean
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

setup: ## .venv, node_modules, the built extension; as root on Debian also Chromium and Docker
	@.ci/setup

demo: ## the main job on real data: order, snapshot, runs, features, jobs
	@.ci/demo

lab: ## JupyterLab on examples/ with mlnb, showing what `make demo` left
	@.ci/lab

test: ## every test but those that need a GPU
	@.ci/test

check: ## lint, types, directions between the parts (Python and TypeScript)
	@.ci/setup --no-docker
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	npm run --silent check

fix: ## format, mend what lint can mend, write the generated files anew
	@.ci/setup --no-docker
	ruff check --fix .
	ruff format .
	python -m mlnb.server.contract src/api/openapi.json
	npm run --silent types
	npm run --silent fix

bench: ## what mlnb costs and how often it is right, beside IPython and ipyflow; BENCH=quick or full
	@.ci/setup --no-docker
	python tests/benchmarks

screenshots: ## the pictures of the README, from a real JupyterLab
	@.ci/setup
	python tests/ui/screenshots.py
	python tests/images/picture_demo.py

image: ## the image that container jobs of the tests and the demo run in
	@.ci/setup
	python tests/images/build.py

clean: ## remove what was built (not .state, where the demo's data lies)
	rm -rf .venv .tools node_modules lib mlnb/labextension .cache
