# Everything runs in .venv; `make run` and `make test` set it up themselves.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
unexport PYTHONDONTWRITEBYTECODE    # hundreds of processes start in a test run: each would compile the program again

.PHONY: setup run test lint bench soak fuzz docs lock clean

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q zjj_console
	@touch $@

run: $(STAMP)
	@$(BIN)/zjj demo

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: lint
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

soak: $(STAMP)
	$(BIN)/python -m pytest -m slow

# Coverage-guided fuzzing, the time shared by the targets; atheris stands in an environment of its own and is no dependency of ours.
FUZZ_SECONDS ?= 600
FUZZ := .venv-fuzz
TARGETS := readers lines rows

$(FUZZ)/.ready: $(STAMP)
	$(PYTHON) -m venv $(FUZZ)
	$(FUZZ)/bin/python -m pip install -q --disable-pip-version-check "atheris>=3,<4"
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > $$($(FUZZ)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/ours.pth
	@touch $@

fuzz: $(FUZZ)/.ready
	for target in $(TARGETS); do \
	  PYTHONPATH=$(CURDIR) $(FUZZ)/bin/python -m tests.fuzz $$target --seconds $$(($(FUZZ_SECONDS) / $(words $(TARGETS)))) || exit 1; \
	done

bench: $(STAMP)
	$(BIN)/python -m tests.bench

docs: $(STAMP)
	$(BIN)/python tools/write_docs.py

lock: $(STAMP)
	$(BIN)/python -m pip install -q pip-tools
	$(BIN)/pip-compile -q --strip-extras --generate-hashes --no-emit-index-url --no-emit-options --no-annotate --extra dev --extra profile --extra hub \
	  --output-file requirements.lock pyproject.toml
	sed -i "/^# WARNING/,\$$d" requirements.lock

clean:
	rm -rf $(VENV) $(FUZZ) .hypothesis .mypy_cache .ruff_cache
