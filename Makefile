# What people do every day. Every target is one line they could have typed themselves.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?=
COLLECTION := collections/ansible_collections/sysops/remediation
SCENARIOS ?=
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
unexport ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/.runtime: pyproject.toml constraints.txt
	@scripts/venv.sh "$(PYTHON)" '.[demo]'
	@touch $@

.venv/.dev: pyproject.toml constraints.txt
	@scripts/venv.sh "$(PYTHON)" '.[demo,dev]'
	@touch .venv/.runtime $@

.PHONY: setup
setup: .venv/.dev ## Create the virtual environment with everything for development

.PHONY: demo
demo: .venv/.runtime ## See the main job: a leaking service is diagnosed, restarted and proven healthy (no Docker, no root)
	@remediate demo

.PHONY: check
check: static unit ## Everything that is fast: for every commit (no Docker)

.PHONY: test
test: check slow lint sanity docs build molecule ## Everything, Docker included; sets up what it needs
	@echo "make test: all of it passed"

.PHONY: static
static: .venv/.dev ## ruff, mypy, yamllint
	ruff check .
	ruff format --check .
	mypy
	mypy --strict runner/sysops_remediation
	yamllint --strict .

.PHONY: unit
unit: .venv/.dev ## Fast unit tests
	pytest -n 2 -m 'not slow'

.PHONY: slow
slow: .venv/.dev system ## Tests with real services and processes
	scripts/slow.sh

.PHONY: system
system: ## Install the Debian packages that slow tests and Molecule use (root on Debian only)
	@scripts/system-packages.sh

.PHONY: lint
lint: .venv/.dev ## ansible-lint with the production profile
	ansible-lint --offline --profile production

.PHONY: sanity
sanity: .venv/.dev ## ansible-test sanity
	scripts/sanity.sh

.PHONY: docs
docs: .venv/.dev ## Check the collection's documentation and changelog
	scripts/docs.sh

.PHONY: build
build: .venv/.dev ## Build the collection and the wheel into dist/ and look inside
	scripts/build.sh

.PHONY: molecule
molecule: .venv/.dev ## Molecule scenarios against Docker (all of them, or SCENARIOS="default restart")
	scripts/molecule.sh $(SCENARIOS)

.PHONY: bench
bench: .venv/.dev ## Diagnosis accuracy and speed on the labelled corpus (CORPUS=dir)
	python benchmarks/diagnosis_accuracy.py --corpus $(or $(CORPUS),../shared/corpus)
	python benchmarks/diagnosis_speed.py

.PHONY: constraints
constraints: ## Renew constraints.txt from the newest versions that fit pyproject.toml
	scripts/constraints.sh "$(PYTHON)"

.PHONY: clean
clean: ## Remove what was built and cached here (the Docker images stay)
	rm -rf .venv .cache .demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .ansible
