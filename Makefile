# Everything a developer runs. `make help` lists it.

# The Python to make .venv with; empty: the first of python3.11, python3.12 and python3 that will do.
PYTHON ?=
# Processes that the tests run in. Many of them watch a clock: more than there are cores is no good.
JOBS ?= 2
PY := .venv/bin/python
STAMP := .venv/installed
# What the demo needs, without the tools of a developer.
DEMO_STAMP := .venv/installed-demo

export OMP_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests start eyehand hundreds of times: none of them is to compile it anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test check system clean constraints typecheck-tree

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

demo: $(DEMO_STAMP) ## Let the pocket model work practice phones; make a report and a picture
	.venv/bin/eyehand demo --no-window --out "$(CURDIR)/demo-run"

test: $(STAMP) system check ## Install what is missing, check, run every test, try the built wheel
	EYEHAND_CI=1 $(PY) -m pytest -n $(JOBS) --dist loadfile
	.ci/wheel-smoke $(PY)

check: $(STAMP) typecheck-tree ## Lint, formatting and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/mypy $(foreach folder,tests examples benchmarks,$(if $(wildcard $(folder)/*.py),$(folder)))
	.venv/bin/pyright

system: $(STAMP) ## Install missing system packages (as root; else print the command)
	@.ci/system-packages
	@.ci/check-tkinter $(PY)

clean: ## Remove what make made, the environment included
	rm -rf .venv .typecheck build dist demo-run *.egg-info
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find $(wildcard agent envs actions model tests examples benchmarks) -name __pycache__ -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt
	@test -x $(PY) || .ci/make-venv $(PYTHON)
	.venv/bin/pip install --quiet -c constraints.txt -e ".[dev]"
	@touch $@

$(DEMO_STAMP): pyproject.toml constraints.txt
	@test -x $(PY) || .ci/make-venv $(PYTHON)
	.venv/bin/pip install --quiet -c constraints.txt -e ".[model]"
	@touch $@

# The checkers cannot see through the editable install; links that mirror the installed names can
# be seen by both. Folders are linked, so a new file counts at once.
typecheck-tree:
	@mkdir -p .typecheck/eyehand
	@for folder in agent model actions envs; do ln -sfn ../../$$folder .typecheck/eyehand/$$folder; done

constraints: ## Write the versions in .venv to constraints.txt
	@{ grep '^#' constraints.txt; \
	   .venv/bin/pip freeze --exclude-editable --exclude eyehand | grep -v '^#\|^torch=='; \
	   grep '^torch==' constraints.txt; } >constraints.new
	@mv constraints.new constraints.txt
