#!/usr/bin/env bash
# Whether the server has room to grow: pool, latency and cache, now and over the last thirty days.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: monthly_capacity_review.sh [--url URL]

Advice: more sessions when over 70 % of the pool is busy, scaling when the p95 latency is over 250 ms
(300 is the objective). Advice is not an error: the exit status is 0, and 3 when the server gave no metrics.
USAGE
}

common_options "$@"
no_more ${rest[@]+"${rest[@]}"}
need curl jq awk

say "=== Monthly Capacity Planning Review: $(date -u '+%Y-%m-%d %H:%M:%S UTC') ==="
metrics || exit 3

say "1. Resource Usage Trends:"
pool=$(number logos_pxl_session_pool_total)
say "   Current Session Pool Size: $pool"
say "   Total Requests (cached): $(jq -r '(.logos_pxl_cache_hits_total // 0) + (.logos_pxl_cache_misses_total // 0)' <<<"$metrics")"
p95_of() {
    jq -r '[.endpoints[] | select(.name | contains("prove") or contains("proofs")) | .p95_duration_ms | numbers] | max // "N/A"' \
        "$1" 2>/dev/null || say N/A
}
mapfile -t archives < <(archived performance 30)
if (( ${#archives[@]} >= 2 )); then
    say "   P95 of the proof routes, $(basename "${archives[0]}") to $(basename "${archives[-1]}"): $(p95_of "${archives[0]}")ms to $(p95_of "${archives[-1]}")ms"
else
    say "   fewer than two archives of performance data in $LOG_DIR/archive: no trend yet"
fi

say "2. Performance Analysis:"
p95=$(number logos_pxl_p95_latency_ms)
say "   Current P95 Latency: ${p95}ms"
if over "$p95" 250; then
    say "   TREND: Latency approaching threshold (300ms)"
    say "   RECOMMENDATION: Proactive scaling recommended"
fi

say "3. Scaling Recommendations:"
busy=$(utilization)
say "   Cache Utilization: $(number logos_pxl_cache_size) entries"
say "   Pool Utilization: $busy%"
if over "$busy" 70; then
    say "   RECOMMENDATION: Increase pool size to $(( ${pool%.*} + 5 ))"
    say "   ACTION: Set PXL_POOL_SIZE=$(( ${pool%.*} + 5 ))"
fi
say "=== Capacity Review Complete ==="
