#!/usr/bin/env bash
# Write requirements.lock and requirements-dev.lock: every package, pinned, with its hashes.
# Needs what pip needs. Run it after a change to requirements.txt or requirements-dev.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet pip-tools==7.6.2

export CUSTOM_COMPILE_COMMAND=scripts/lock.sh
options=(--quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links)
"$scratch/venv/bin/pip-compile" "${options[@]}" --output-file requirements.lock requirements.txt
"$scratch/venv/bin/pip-compile" "${options[@]}" --output-file requirements-dev.lock requirements-dev.txt
