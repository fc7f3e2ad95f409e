# Two commands set everything up on a fresh Debian or Ubuntu machine: `make demo` and `make test`.
# Both need root or sudo where tshark or Python's venv module is missing, and are quick the second time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0
DEMO := tests/captures/tls12_expired.pcapng

.PHONY: demo test check docs lab tickets bench eval tshark chromium bytecode clean

demo: tshark bytecode  ## Answer the README's question on a bundled capture.
	$(BIN)/explainer ask $(DEMO) "why does my TLS handshake fail?"

test: tshark chromium $(VENV)/.dev bytecode  ## Run the tests.
	POLARS_MAX_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile $(PYTEST_OPTIONS)

check: $(VENV)/.dev  ## Run the static checks, and see whether the generated docs are true.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python docs/generate.py --check

docs: $(VENV)/.dev  ## Write docs/rules.md and docs/statistics.md anew.
	$(BIN)/python docs/generate.py

lab: $(VENV)/.dev  ## Record the lab's captures anew (root; see tests/lab).
	$(BIN)/python -m tests.lab

tickets: tshark $(VENV)/.dev  ## See that the evidence of every capture of the lab shows its cause, redacted, too.
	EXPLAINER_TICKETS=all $(BIN)/python -m pytest --numprocesses auto tests/ticket/test_ticket_evidence.py

bench: tshark $(VENV)/.dev bytecode  ## Measure time and memory beside tshark and other tools, and write docs/performance.md.
	$(BIN)/python benchmarks/performance.py
	$(BIN)/python benchmarks/growth.py

eval: tshark $(VENV)/.dev  ## Ask a model about every capture of the lab: make eval MODEL=... BASE_URL=... (none: a scripted one).
	PYTHONPATH=tests $(BIN)/python -m evals --model "$(MODEL)" --base-url "$(BASE_URL)" $(EVAL_OPTIONS)

tshark:
	@command -v tshark >/dev/null || { echo "Installing tshark ..."; $(APT) update && $(APT) install -y tshark; } || \
		{ echo "tshark could not be installed: install it by hand (see README.md), then run this again." >&2; exit 1; }

# Playwright's driver needs libatomic, which a small Debian lacks.
chromium:
	@{ command -v chromium chromium-browser google-chrome && ls /usr/lib*/libatomic.so.1 /usr/lib/*/libatomic.so.1 \
		2>/dev/null | grep -q .; } >/dev/null || \
		{ echo "Installing chromium ..."; $(APT) update && \
			$(APT) install -y --no-install-recommends chromium libatomic1; } || \
		echo "chromium could not be installed: the tests of the report's page will be skipped." >&2

# Where Python is told to write no bytecode (PYTHONDONTWRITEBYTECODE, as in many containers), each run would compile all.
bytecode: $(VENV)/.package
	@$(BIN)/python -m compileall -q explainer

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: name one with PYTHON=..., as in: make demo PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(APT) update && $(APT) install -y python3-venv; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade --constraint constraints.txt pip

$(VENV)/.package: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.package
	$(PIP) install --constraint constraints.txt --group dev
	@touch $@

clean:
	rm -rf $(VENV) test-output
