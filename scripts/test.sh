#!/usr/bin/env bash
# Set this clone up and run the tests: what `make test` calls.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: test.sh [PYTEST-OPTION...]

Set this clone up for development (setup.sh --dev) and run the tests. Everything but a lone --help is passed on
to pytest, which refuses what it does not know (exit status 4); `test.sh -- --help` shows pytest's own options.
USAGE
}

if (( $# == 1 )) && [[ $1 == --help || $1 == -h ]]; then
    usage
    exit 0
fi
if [[ ${1-} == -- ]]; then shift; fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh --dev
exec "${VENV:-.venv}/bin/python" -m pytest "$@"
