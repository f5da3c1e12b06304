# Each target sets up what it needs: a virtual environment in .venv, and nothing else.
# PYTHON is the first interpreter found that is 3.11 or newer.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
RUN := $(BIN)/python -m
DEVICES ?= 24

.PHONY: demo test test-all check goldens snapshots docs bench clean

demo: .venv/installed            ## open the terminal interface on a throw-away site
	@$(RUN) tuiprov demo --devices $(DEVICES)

test: .venv/installed-test       ## the whole suite but what takes minutes
	@$(RUN) pytest -n auto --dist loadfile -m "not slow"

test-all: .venv/installed-test   ## what takes minutes, too
	@$(RUN) pytest -n auto --dist loadfile

check: .venv/installed-dev       ## lint, format, types, import contracts
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(BIN)/lint-imports

goldens: .venv/installed-test    ## write the golden files anew; review the difference like code
	TUIPROV_WRITE_GOLDENS=1 $(RUN) pytest tests/render/test_goldens.py

snapshots: .venv/installed-test  ## write the screen snapshots anew; look at each before you commit
	$(RUN) pytest tests/screens --snapshot-update

docs: .venv/installed            ## write the generated pages of docs/ anew
	$(RUN) tuiprov.docs

bench: .venv/installed-test      ## every figure as a ratio to its limit, measured in the same run
	$(RUN) benchmarks

clean:
	rm -rf .venv

.venv/installed .venv/installed-test .venv/installed-dev: pyproject.toml
	@test -n "$(PYTHON)" || { echo "tuiprov needs Python 3.11 or newer"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(RUN) pip install --quiet --disable-pip-version-check \
		-e '.$(if $(findstring -test,$@),[test],$(if $(findstring -dev,$@),[test$(comma)dev]))'
	@touch $@

comma := ,
