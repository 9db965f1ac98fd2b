# The commands of the project; `make help` lists them.
VENV ?= .venv
PYTHON ?= python3
KERNELS := $(sort $(wildcard $(addprefix operator/shorthaul/,\
  solve/kernels/*.[ch] telemetry/netflow/kernels/*.[ch] telemetry/collectors/kernels/*.[ch] \
  telemetry/kernels/*.[ch])))
STAMP := $(VENV)/.stamp-$(shell cat requirements/dev.txt pyproject.toml operator/hatch_build.py $(KERNELS) 2>/dev/null | cksum | cut -d' ' -f1)
WORKERS ?= 2
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help env demo test lint types imports unit hubble controlplane realcluster smallloop crds requirements benchenv clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

env: $(STAMP)  ## the Python environment in .venv, from the hash-locked requirements

$(STAMP): requirements/dev.txt pyproject.toml operator/hatch_build.py $(KERNELS)
	@echo "making the Python environment in $(VENV) (once)" >&2
	@rm -f $(VENV)/.stamp-*
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/compiler.txt
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: env  ## the whole loop on a real control plane; KEEP=1 leaves it up
	@$(VENV)/bin/python hack/demo $(if $(KEEP),--keep)

test: env  ## every check that continuous integration runs
	@hack/test

lint: env  ## ruff: style and formatting
	@ruff check . && ruff format --check .

types: env  ## mypy --strict
	@mypy operator/shorthaul hack/testbed hack/demoshop hack/benchmarks hack/ociimages hack/realnodes hack/realshop

imports: env  ## the layers of the code, held by import-linter
	@lint-imports

unit: env  ## tests that need neither control plane nor Hubble
	@pytest -m 'not controlplane and not hubble and not realcluster' -n $(WORKERS)

hubble: env  ## tests on the real Hubble Relay and NetObserv agent
	@pytest -m hubble

controlplane: env  ## tests on the real control plane
	@pytest -m controlplane -n $(WORKERS) --dist loadfile --no-loadscope-reorder

realcluster: env  ## real nodes and links, as root: traffic, a move, and nothing left; INSTALL=1 gets Debian packages
	@$(VENV)/bin/python hack/realcluster smoke $(if $(INSTALL),--install)

smallloop: env  ## the closed loop on real nodes in small, as root: about 5 minutes once all is built
	@pytest -m realcluster -rs tests/realshop/test_small_loop.py

crds: env  ## write crds/ and the chart's copies from api/
	@python hack/crds

benchenv: env  ## what `hack/bench` needs beside: the peers and the figures
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt

requirements:  ## lock requirements/*.in again (needs uv)
	@for name in run dev build compiler bench; do uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --universal --python-version 3.11 requirements/$$name.in -o requirements/$$name.txt; done

clean:  ## drop the environment and caches of this folder
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
