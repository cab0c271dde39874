# Seamline's commands. A bare Debian or Ubuntu with Python >= 3.11, git and make is enough: everything else goes into .venv.
#
#   make demo          the main job, live: broker, database, hub, 200 devices, the page     (ARGS="--devices 50 --chaos")
#   make dev           .venv with everything that tests and checks need, and nothing run
#   make test          every test, and the floors of coverage; what needs a missing system package is skipped by name (ARGS="-k ledger")
#   make check         every static check
#   make quick         the tests that need no broker, database or browser
#   make soak          the demo under chaos, again and again, for SOAK_MINUTES (30)
#   make rig           new fault plans in virtual time, one after the other, for RIG_BUDGET (30m)
#   make bench         the benchmarks, short
#   make docs          the documentation, into site/
#   make screenshots   the pictures of the pages under docs/images/
#   make format        format and mend what the linter can mend by itself
#   make lock          the locks from pyproject.toml                                        (ARGS=--upgrade)
#   make clean         remove everything that was made here, .venv included

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

ARGS ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
SOAK_MINUTES ?= 30
RIG_BUDGET ?= 30m
BENCHES ?= ingest codec rig
PY := .venv/bin/python

# The first Python that runs and is new enough; PYTHON=… decides for itself.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && { echo $$p; break; }; done)
BOOTSTRAP = @test -n "$(PYTHON)" || { echo "seamline: no Python >= 3.11 was found on PATH; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 5; }; \
	$(PYTHON) tools/bootstrap.py
# Node brings its own list of authorities; a company's own stands in the system's.
export NODE_EXTRA_CA_CERTS ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)
# Two of us at once: the second waits, then sees that there is nothing left to do.
ALONE := $(shell command -v flock >/dev/null 2>&1 && echo 'flock .venv/.web.lock')

.PHONY: help
help:
	@sed -n '3,17s/^# *//p' Makefile

.PHONY: run dev web
run:
	$(BOOTSTRAP) run
dev:
	$(BOOTSTRAP) dev

# The page, built by hatch_build.py with the Node of the lock, if its sources changed; users of a wheel never come here.
web: run
	@$(ALONE) $(PY) hatch_build.py

# The real MicroPython interpreters of the conformance tests; without any Node (exit code 3) those tests skip by name.
.PHONY: micropython
micropython: dev
	@$(PY) tests/conformance/interpreters.py || test $$? -eq 3

.PHONY: demo soak rig bench screenshots
demo: $(if $(findstring --site,$(ARGS)),dev,run) web
	@exec $(PY) -m seamline demo $(ARGS)
soak: run web
	@exec $(PY) tools/soak.py --minutes $(SOAK_MINUTES) $(ARGS)
rig: run
	@exec $(PY) -m seamline rig run --seeds 1000000 --budget $(RIG_BUDGET) $(ARGS)
bench: run
	@for name in $(BENCHES); do $(PY) bench/$$name.py --quick $(ARGS) || exit 1; done
screenshots: dev web
	@exec $(PY) tools/screenshots.py $(ARGS)

.PHONY: test quick check format docs lock clean
# Two runs: side by side what can share the machine, then one at a time what needs all of it. pytest's 5 says "no test chosen":
# right for one of the two, wrong for both. The first run is measured, and each package held to its floor of coverage, unless
# ARGS choose among the tests; the second is not, for it is about what the machine can carry.
MEASURE = $(if $(strip $(ARGS)),,-m coverage run)
test: dev web micropython
	@$(if $(MEASURE),$(PY) -m coverage erase;) \
	$(PY) $(MEASURE) -m pytest -n $(JOBS) --dist loadfile -m "not heavy" $(ARGS); light=$$?; \
	heavy=5; grep -rqs "mark\.heavy" tests && { $(PY) -m pytest -m heavy $(ARGS); heavy=$$?; }; \
	[ $$light -ne 5 ] || [ $$heavy -eq 5 ] || light=0; \
	[ $$light -eq 0 ] || exit $$light; \
	[ $$heavy -eq 5 ] || [ $$heavy -eq 0 ] || exit $$heavy; \
	$(if $(MEASURE),exec $(PY) tools/coverage_check.py,:)
quick: dev
	@$(PY) -m pytest -n $(JOBS) --dist loadfile -m "not heavy" tests/unit tests/model $(ARGS)
check: dev
	@exec $(PY) tools/check.py $(ARGS)
format: dev
	@$(PY) -m ruff check --fix-only --quiet . ; $(PY) -m ruff format .
docs: dev
	@$(PY) -m mkdocs build --strict --quiet
lock: dev
	@$(PY) tools/lock.py $(ARGS)
clean:
	rm -rf .coverage .coverage.* .venv site dist build src/seamline/web frontend/node_modules .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
