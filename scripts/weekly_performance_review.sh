#!/usr/bin/env bash
# The week in numbers: what the archived logs and the running server say.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: weekly_performance_review.sh [--url URL]

Latency of the proof routes from the archived performance_*.json of the last seven days, errors in
the logs of that time, and what the pool and the cache suggest. Advice is not an error: the exit status is
0, and 3 when the server gave no metrics.
USAGE
}

common_options "$@"
no_more ${rest[@]+"${rest[@]}"}
need curl jq awk zcat

say "=== Weekly Performance Review: $(date -u -d '7 days ago' +%Y-%m-%d) to $(date -u +%Y-%m-%d) ==="

say "1. Performance Summary:"
seen=0
while IFS= read -r file; do
    seen=$(( seen + 1 ))
    if ! jq -r --arg file "$(basename "$file")" '.endpoints[] | select(.name | contains("prove") or contains("proofs"))
            | "   \($file): \(.name): P95: \(.p95_duration_ms // "N/A")ms, Calls: \(.call_count)"' "$file" 2>/dev/null; then
        say "   $(basename "$file"): not readable"
    fi
done < <(archived performance 7)
if (( seen == 0 )); then say "   no archived performance data in $LOG_DIR/archive"; fi

say "2. Error Analysis:"
say "   Total Errors This Week: $(lines pxl-server.log 7 | count 'ERROR|CRITICAL|FATAL')"

say "3. Capacity Planning:"
metrics || exit 3
busy=$(utilization)
say "   Current Session Pool Utilization: $busy%"
if over "$busy" 60; then
    say "   RECOMMENDATION: Consider increasing session pool size"
fi

say "4. Cache Performance:"
hits=$(number logos_pxl_cache_hit_rate_percent)
say "   Cache Hit Rate: $hits%"
if under "$hits" 80; then
    say "   RECOMMENDATION: Review cache TTL settings (PXL_CACHE_TTL) and size (PXL_CACHE_SIZE)"
fi
say "=== Weekly Review Complete ==="
