#!/usr/bin/env bash
# Set this clone up and run the tests: what `make test` calls. Options are pytest's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh --dev
exec "${VENV:-.venv}/bin/python" -m pytest "$@"
