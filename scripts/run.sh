#!/usr/bin/env bash
# Set this clone up and serve: what `make run` calls.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: run.sh [--debug] [--check-config] [--version]

Set this clone up (setup.sh) and serve, with the options of serve_pxl.py. Its settings come from the environment
and .env; with PXL_LOG_DIR unset, logs go to logs/.

  --debug         log everything
  --check-config  check the settings and exit
  --version       print the version and exit
USAGE
}

# Refused before anything is installed; tests compare the list with the server's own.
for option in "$@"; do
    case $option in
        --help | -h) usage; exit 0 ;;
        --debug | --check-config | --version) ;;
        *) printf 'run.sh: unknown option %s; --help lists what there is\n' "$option" >&2; exit 2 ;;
    esac
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
# Where the operators' documents look for logs; PXL_LOG_DIR= (empty) leaves them to standard output and error.
export PXL_LOG_DIR=${PXL_LOG_DIR-logs}
exec "${VENV:-.venv}/bin/python" serve_pxl.py "$@"
