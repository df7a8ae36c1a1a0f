#!/usr/bin/env bash
# Write pxl/http/web/openapi.json, which the server serves, from openapi/prooftoken.yaml.
# With --freeze, also write down what the API promises from now on (openapi/frozen.txt): only for a release
# that may break clients, or to add to what is promised.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

exec "${VENV:-.venv}/bin/python" tests/support/openapi_file.py "$@"
