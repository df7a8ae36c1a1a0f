#!/usr/bin/env bash
# Set this clone up and serve: what `make run` calls. Options are those of serve_pxl.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
# Where the operators' documents look for logs; PXL_LOG_DIR= (empty) leaves them to standard output and error.
export PXL_LOG_DIR=${PXL_LOG_DIR-logs}
exec "${VENV:-.venv}/bin/python" serve_pxl.py "$@"
