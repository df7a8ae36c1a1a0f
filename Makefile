# Every target sets up what it needs first; what is already there is not done again.
# RUN_ARGS and TEST_ARGS are passed on: make test TEST_ARGS='-k kernel'

PYTHON_VENV := $(or $(VENV),.venv)/bin/python
KERNEL := $(PYTHON_VENV) -m pxl.kernel
KERNEL_DIR := $(if $(PXL_KERNEL_DIR),--dir '$(PXL_KERNEL_DIR)')

.DEFAULT_GOAL := help
.PHONY: help run test test-fast kernel gates extract lint bench lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

run:  ## set up (Coq, environment, requirements, kernel) and serve on 127.0.0.1:8088
	@scripts/run.sh $(RUN_ARGS)

test:  ## set up and run the tests
	@scripts/test.sh $(TEST_ARGS)

test-fast:  ## run the tests that need no other program (Coq, Redis, ...), in about two minutes
	@scripts/test.sh --fast $(TEST_ARGS)

kernel:  ## compile the Coq kernel when its sources changed
	@scripts/setup.sh

gates:  ## check the kernel: no holes, no axioms, Coq's independent checker agrees
	@scripts/setup.sh
	@$(KERNEL) gates $(KERNEL_DIR)

extract:  ## make pxl-check and pxl-check.js of the verified checkers (needs ocaml and js-of-ocaml)
	@scripts/setup.sh
	@$(KERNEL) extract $(KERNEL_DIR)

lint:  ## check the Python code's style and types
	@scripts/setup.sh --dev
	@$(PYTHON_VENV) -m ruff check .
	@$(PYTHON_VENV) -m mypy

bench:  ## measure the server against its floors
	@scripts/setup.sh --dev
	@$(PYTHON_VENV) -m benchmarks $(BENCH_ARGS)

lock:  ## pin requirements*.txt anew, with hashes
	@scripts/lock.sh

clean:  ## remove the environment, the compiled kernel and caches
	@rm -rf .venv .pytest_cache .hypothesis .ruff_cache pxl/kernel/_build pxl/kernel/_build.*
	@find . -name __pycache__ -prune -exec rm -rf {} +
