#!/usr/bin/env bash
# Watch a server's verification ratio, latency and cache, and say ALERT when one is out of bounds.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: monitor_pxl.sh [--once] [--interval SECONDS] [--url URL]

Print a line every 30 s, and an ALERT line for each value that is out of bounds: a verification ratio
under 90 %, a p95 latency over 300 ms, no answer. A value that is not known yet is N/A.

  --once              one line; exit status 1 when there was an alert, 3 when nothing answered
  --interval SECONDS  default 30
  --url URL           default BASE_URL, else http://localhost:8088

PXL_TOKEN_FILE names a file with a bearer token (PXL_METRICS_TOKEN), for a server that asks who observes it.
USAGE
}

once='' interval=30
common_options "$@"
set -- ${rest[@]+"${rest[@]}"}
while (( $# )); do
    case $1 in
        --once) once=yes ;;
        --interval) (( $# >= 2 )) || die "--interval needs a value"; whole --interval "$2"; interval=$2; shift
                    (( interval )) || die "--interval takes at least 1" ;;
        *) no_more "$1" ;;
    esac
    shift
done
need curl jq awk

look() {
    local now ratio p95 hits result=0
    now=$(date -u '+%Y-%m-%d %H:%M:%S')
    if ! metrics; then
        say "$now | ALERT: no metrics from $BASE_URL"
        return 3
    fi
    ratio=$(number logos_pxl_verification_ratio_percent)
    p95=$(number logos_pxl_p95_latency_ms)
    hits=$(number logos_pxl_cache_hit_rate_percent)
    say "$now | Verification: $ratio% | P95: ${p95}ms | Cache: $hits%"
    if under "$ratio" 90; then
        say "ALERT: Verification ratio below 90%: $ratio%"
        result=1
    fi
    if over "$p95" 300; then
        say "ALERT: P95 latency exceeds 300ms: ${p95}ms"
        result=1
    fi
    return "$result"
}

if [[ -n $once ]]; then
    look
    exit
fi
while :; do
    look || true
    sleep "$interval"
done
