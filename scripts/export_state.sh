#!/usr/bin/env bash
# Save what a running server says of itself: metrics, health, performance, and the kernel's hash.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: export_state.sh [--dir DIRECTORY] [--url URL]

Write metrics_TIME.json, health_TIME.json, performance_TIME.json, kernel_hash_TIME.txt and
manifest_TIME.sha256 into DIRECTORY (EXPORT_DIR, default /exports/logos-pxl): all of them or, when the
server gives no usable answer, none.
USAGE
}

directory=${EXPORT_DIR:-/exports/logos-pxl}
common_options "$@"
set -- ${rest[@]+"${rest[@]}"}
while (( $# )); do
    case $1 in
        --dir) (( $# >= 2 )) || die "--dir needs a value"; directory=$2; shift ;;
        *) no_more "$1" ;;
    esac
    shift
done
need curl jq sha256sum

metrics || exit 3
get /health || exit 3
health=$body
get /metrics/performance || exit 3
[[ $status == 200 ]] || die "$BASE_URL/metrics/performance answered $status" 3
hash=$(jq -er '.kernel_hash | select(test("^[0-9a-f]{64}$"))' <<<"$health") || die "/health names no kernel" 3

umask 077
mkdir -p -- "$directory"
cd -- "$directory"
stamp=$(date -u +%Y%m%d_%H%M%S)
[[ ! -e manifest_$stamp.sha256 ]] || die "there is an export of this second in $PWD" 1
whole=''
trap '[[ -n $whole ]] || rm -f -- {metrics,health,performance}_"$stamp".json kernel_hash_"$stamp".txt manifest_"$stamp".sha256' EXIT
printf '%s\n' "$metrics" >"metrics_$stamp.json"
printf '%s\n' "$health" >"health_$stamp.json"
printf '%s\n' "$body" >"performance_$stamp.json"
printf '%s\n' "$hash" >"kernel_hash_$stamp.txt"
sha256sum -- "metrics_$stamp.json" "health_$stamp.json" "performance_$stamp.json" "kernel_hash_$stamp.txt" \
    >"manifest_$stamp.sha256"
whole=yes
say "State exported to: $PWD ($stamp)"
