#!/usr/bin/env bash
# The morning's look at a server: status, performance, resources, errors, and a real proof.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: daily_health_check.sh [--url URL]

Five sections; each that fails says so, and the exit status is then 1 (3 when nothing answers).
The proofs at the end are signed with HMAC_SECRET_KEY or HMAC_SECRET_KEY_FILE when one is set:
a theorem must be proved and a goal that is none must be refuted.

BASE_URL, PXL_LOG_DIR, PXL_TOKEN_FILE: where the server and its logs are, and who observes.
USAGE
}

common_options "$@"
no_more ${rest[@]+"${rest[@]}"}
need curl jq awk

failed=0
fail() {
    say "   FAIL: $*"
    failed=1
}

say "=== LOGOS PXL Core Daily Health Check ==="
say "Date: $(date -u '+%Y-%m-%d %H:%M:%S UTC')"

say "1. System Status:"
get /health || exit 3
jq -c '{status, ready, timestamp}' <<<"$body" | sed 's/^/   /'
if ! jq -e '.ready == true and .status == "ok"' >/dev/null <<<"$body"; then
    fail "the server is not ready: $(jq -r '(.reasons // []) | join("; ")' <<<"$body")"
fi

say "2. Performance Metrics:"
if metrics; then
    ratio=$(number logos_pxl_verification_ratio_percent)
    p95=$(number logos_pxl_p95_latency_ms)
    say "   Verification Ratio: $ratio%"
    say "   P95 Latency: ${p95}ms"
    say "   Cache Hit Rate: $(number logos_pxl_cache_hit_rate_percent)%"
    say "   Uptime: $(number logos_pxl_uptime_seconds)s"
    if under "$ratio" 90; then fail "the verification ratio is under 90%"; fi
    if over "$p95" 300; then fail "the p95 latency is over 300ms"; fi
    say "3. Resource Usage:"
    say "   Session Pool: $(number logos_pxl_session_pool_busy)/$(number logos_pxl_session_pool_total) busy"
    say "   Cache Size: $(number logos_pxl_cache_size) entries"
    if under "$(number logos_pxl_session_pool_total)" 1; then fail "there is no session"; fi
else
    fail "there are no metrics"
    say "3. Resource Usage:"
    fail "there are no metrics"
fi

say "4. Recent Errors:"
if [[ -e $LOG_DIR/pxl-server.log && ! -r $LOG_DIR/pxl-server.log || -d $LOG_DIR && ! -x $LOG_DIR ]]; then
    fail "cannot read $LOG_DIR/pxl-server.log"
elif [[ -f $LOG_DIR/pxl-server.log ]]; then
    recent=$(tail -n 50 -- "$LOG_DIR/pxl-server.log" | grep -E 'ERROR|CRITICAL|FATAL' | tail -n 5 || true)
    if [[ -n $recent ]]; then
        say "   ${recent//$'\n'/$'\n'   }"
        fail "there are errors in the last 50 lines of the log"
    else
        say "   none in the last 50 lines of $LOG_DIR/pxl-server.log"
    fi
else
    say "   no log file in $LOG_DIR (PXL_LOG_DIR says where)"
fi

say "5. Performance Test:"
test_goal() {
    if prove "$1"; then
        say "   $1: $verdict in ${took_ms}ms"
        [[ $verdict == "$2" ]] || fail "$1 must be $2"
    else
        fail "no verdict on $1"
    fi
}
test_goal 'BOX(A -> A)' proved
test_goal 'A -> BOX(A)' refuted

say "=== Health Check Complete ==="
exit "$failed"
