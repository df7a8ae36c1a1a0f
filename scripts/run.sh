#!/usr/bin/env bash
# Set this clone up and serve: what `make run` calls. Options are those of serve_pxl.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
exec "${VENV:-.venv}/bin/python" serve_pxl.py "$@"
