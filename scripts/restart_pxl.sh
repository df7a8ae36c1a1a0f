#!/usr/bin/env bash
# Restart the server, so that it reads its settings anew, and wait until it can prove.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: restart_pxl.sh [--wait SECONDS] [--url URL]

Restart by PXL_RESTART_CMD when it is set; else by systemd where pxl.service is installed, else by compose
(up --force-recreate: `restart` does not read settings again). Exit status 0 when the server is ready within SECONDS (default 120), 3 when not.
USAGE
}

wait_s=120
common_options "$@"
set -- ${rest[@]+"${rest[@]}"}
while (( $# )); do
    case $1 in
        --wait) (( $# >= 2 )) || die "--wait needs a value"; whole --wait "$2"; wait_s=$2; shift ;;
        *) no_more "$1" ;;
    esac
    shift
done
need curl jq
restart_service
wait_ready "$wait_s"
say "The server at $BASE_URL is ready"
