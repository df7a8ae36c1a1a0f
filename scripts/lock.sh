#!/usr/bin/env bash
# Write requirements.lock and requirements-dev.lock: every package, pinned, with its hashes.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: lock.sh

Write requirements.lock and requirements-dev.lock anew: every package, pinned, with the hashes of its files.
Run it after a change to requirements.txt or requirements-dev.txt. It needs what pip needs.
USAGE
}

case ${1-} in
    --help | -h) usage; exit 0 ;;
esac
if (( $# )); then
    printf 'lock.sh: unknown option %s; --help lists what there is\n' "$1" >&2
    exit 2
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet pip-tools==7.6.2

export CUSTOM_COMPILE_COMMAND=scripts/lock.sh
options=(--quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links)
"$scratch/venv/bin/pip-compile" "${options[@]}" --output-file requirements.lock requirements.txt
"$scratch/venv/bin/pip-compile" "${options[@]}" --output-file requirements-dev.lock requirements-dev.txt
