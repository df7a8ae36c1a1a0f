#!/usr/bin/env bash
# Write the descriptions of the API that the server serves from openapi/prooftoken.yaml.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: openapi.sh [--freeze]

Write pxl/http/web/openapi.json and openapi-3.1.json, which the server serves, from openapi/prooftoken.yaml.

  --freeze  also write down what the API promises from now on (openapi/frozen.txt): only for a release that
            may break clients, or to add to what is promised
USAGE
}

for option in "$@"; do
    case $option in
        --help | -h) usage; exit 0 ;;
        --freeze) ;;
        *) printf 'openapi.sh: unknown option %s; --help lists what there is\n' "$option" >&2; exit 2 ;;
    esac
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."

exec "${VENV:-.venv}/bin/python" tests/support/openapi_file.py "$@"
