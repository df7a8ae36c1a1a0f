#!/usr/bin/env bash
# Give a slow server more sessions and a longer cache, see that they took effect, and measure the difference.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: recover_performance.sh [--pool SIZE] [--ttl SECONDS] [--wait SECONDS] [--url URL]

Write PXL_POOL_SIZE (default 10) and PXL_CACHE_TTL (default 600) into the file that the server's settings come from
(PXL_ENV_FILE, default .env of this installation; set it to /etc/pxl/pxl.env under systemd), restart the server so that
it reads them (PXL_RESTART_CMD, systemd or compose), check that it runs with as many sessions, and compare the
latency of 20 proofs before and after. The exit status is 0 when the p95 latency is then under the
objective (PXL_TARGET_P95_MS, default 300 ms).
USAGE
}

target_ms=${PXL_TARGET_P95_MS:-300}
pool=10 ttl=600 wait_s=120 env_file=${PXL_ENV_FILE:-$ROOT/.env}
common_options "$@"
set -- ${rest[@]+"${rest[@]}"}
while (( $# )); do
    case $1 in
        --pool | --ttl | --wait)
            (( $# >= 2 )) || die "$1 needs a value"
            whole "$1" "$2"
            case $1 in --pool) pool=$2 ;; --ttl) ttl=$2 ;; --wait) wait_s=$2 ;; esac
            shift ;;
        *) no_more "$1" ;;
    esac
    shift
done
whole PXL_TARGET_P95_MS "$target_ms"
need curl jq awk

# The p95 latency of 20 proofs that no cache has, in ms; N/A when the server gives no verdicts.
measure() {
    local turn all=()
    for (( turn = 0; turn < 20; turn++ )); do
        if ! prove "BOX(p$turn -> q$$) -> $(printf '~~%.0s' $(seq $(( turn + 1 ))))(BOX(p$turn) -> BOX(q$$))" 2>/dev/null; then
            say N/A
            return
        fi
        all+=("$took_ms")
    done
    printf '%s\n' "${all[@]}" | sort -n | tail -n 2 | head -n 1
}

set_in_env() {
    local name=$1 value=$2 file=$env_file
    touch -- "$file"
    if grep -q "^$name=" -- "$file"; then
        sed -i --follow-symlinks "s/^$name=.*/$name=$value/" -- "$file"
    else
        # A last line without an end, which may be a secret, must not grow.
        if [[ -n $(tail -c 1 -- "$file") ]]; then printf '\n' >>"$file"; fi
        printf '%s=%s\n' "$name" "$value" >>"$file"
    fi
}

say "Starting performance recovery procedures..."
before=$(measure)
say "Initial P95 latency: ${before}ms"

umask 077
set_in_env PXL_POOL_SIZE "$pool"
set_in_env PXL_CACHE_TTL "$ttl"
restart_service
wait_ready "$wait_s"
now=$(jq -r '.session_pool.max_pool_size' <<<"$body")
[[ $now == "$pool" ]] || die "the server runs with $now sessions, not $pool: does it read $env_file?" 1

after=$(measure)
say "Final P95 latency: ${after}ms"
if [[ $before != N/A && $after != N/A ]]; then
    say "Performance improvement: $(( before - after ))ms"
fi
if under "$after" "$target_ms"; then
    say "Performance recovery successful"
else
    die "Performance still degraded, manual investigation required" 1
fi
