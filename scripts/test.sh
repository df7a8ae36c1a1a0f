#!/usr/bin/env bash
# Set this clone up and run the tests: what `make test` calls.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: test.sh [--fast] [PYTEST-OPTION...]

Set this clone up for development (setup.sh --dev) and run the tests, three files at a time (PXL_TEST_WORKERS). With --fast,
those that need no other program than Python. Everything but a lone --help is passed on to pytest, which
refuses what it does not know (exit status 4); `test.sh -- --help` shows pytest's own options.
USAGE
}

if (( $# == 1 )) && [[ $1 == --help || $1 == -h ]]; then
    usage
    exit 0
fi
is_fast=
if [[ ${1-} == --fast ]]; then
    shift
    is_fast=yes
fi
if [[ ${1-} == -- ]]; then shift; fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh --dev
# A file stays with one worker, for its tests share servers; those that take longest come first (tests/conftest.py).
only=()
path=$PATH
if [[ -n $is_fast ]]; then
    only=(-m 'not programs')
    path=$(cd "${VENV:-.venv}/bin" && pwd)      # where no other program is
fi
PATH=$path exec "${VENV:-.venv}/bin/python" -m pytest -n "${PXL_TEST_WORKERS:-3}" --dist loadfile --no-loadscope-reorder \
    ${only[@]+"${only[@]}"} "$@"
