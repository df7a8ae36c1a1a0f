# What the operators' scripts share; each sources it after `set -euo pipefail`.
#
# Exit statuses: 0 all is well, 1 something is wrong and said, 2 called wrongly, 3 the server gave
# no usable answer. `null` and missing numbers are N/A and never raise an alarm.
# shellcheck shell=bash

export LC_ALL=C
unset CDPATH        # with it, cd may go elsewhere and prints where
SCRIPT=$(basename "$0")
ROOT=${PXL_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BASE_URL=${BASE_URL:-http://localhost:8088}
BASE_URL=${BASE_URL%/}
LOG_DIR=${PXL_LOG_DIR:-$ROOT/logs}
if [[ $LOG_DIR == -* ]]; then LOG_DIR=./$LOG_DIR; fi     # find takes no -- before a name
TIMEOUT_S=${PXL_SCRIPT_TIMEOUT:-10}

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "$SCRIPT" "$*" >&2; }

die() {
    warn "$1"
    exit "${2:-2}"
}

# The options that every script has; the others stay in ${rest[@]}.
common_options() {
    rest=()
    while (( $# )); do
        case $1 in
            --help | -h) usage; exit 0 ;;
            --url) (( $# >= 2 )) || die "--url needs a value"; BASE_URL=${2%/}; shift ;;
            *) rest+=("$1") ;;
        esac
        shift
    done
}

no_more() { (( $# == 0 )) || die "unknown option $1; --help lists what there is"; }

# A whole number without a sign, or the end.
whole() { [[ $2 =~ ^(0|[1-9][0-9]{0,8})$ ]] || die "$1 takes a whole number, not $2"; }

need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || die "this needs $tool, which is not installed"
    done
}

# The bearer token, as a header line for curl; never an argument of a program.
bearer() {
    if [[ -n ${PXL_TOKEN_FILE:-} ]]; then
        [[ -r $PXL_TOKEN_FILE ]] || die "cannot read the token file $PXL_TOKEN_FILE"
        printf 'Authorization: Bearer %s\n' "$(<"$PXL_TOKEN_FILE")"
    fi
}

# get PATH: the JSON object at PATH, whatever its status, into $body, and the status into $status.
# Returns 3 and says why when nothing answers or what answers is no JSON object.
get() {
    local reply header
    header=$(bearer) || return 3
    if ! reply=$(curl --silent --show-error --max-time "$TIMEOUT_S" --header @<(printf '%s\n' "$header") \
            --header 'Accept: application/json' --write-out '\n%{http_code}' --url "$BASE_URL$1" 2>&1); then
        warn "no answer from $BASE_URL$1: ${reply##*curl: }"
        return 3
    fi
    status=${reply##*$'\n'} body=${reply%$'\n'*}
    if ! jq -e 'type == "object"' >/dev/null 2>&1 <<<"$body"; then
        warn "$BASE_URL$1 answered $status with something that is not a PXL server's JSON"
        return 3
    fi
    if [[ $status == 401 || $status == 403 ]]; then
        warn "$BASE_URL$1 answered $status: name a file with PXL_METRICS_TOKEN, or a token that may observe, in PXL_TOKEN_FILE"
        return 3
    fi
    if [[ $status != 200 && $status != 503 ]]; then
        warn "$BASE_URL$1 answered $status: $(jq -r '.error // .detail // "no reason given"' <<<"$body")"
        return 3
    fi
}

# metrics: the metrics, into $metrics.
metrics() {
    get /metrics || return 3
    if [[ $status != 200 ]]; then
        warn "$BASE_URL/metrics answered $status"
        return 3
    fi
    metrics=$body
}

# number NAME: a metric with at most two decimals, or N/A.
number() {
    jq -r --arg name "$1" '.[$name] | if type == "number" then (. * 100 | round) / 100 else "N/A" end' <<<"$metrics"
}

# over VALUE LIMIT, under VALUE LIMIT: whether a number is; N/A is neither.
over() { [[ $1 != N/A ]] && awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 > b + 0) }'; }
under() { [[ $1 != N/A ]] && awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 < b + 0) }'; }

# The percentage of the pool that is busy, or N/A when there is no session.
utilization() {
    jq -r '(.logos_pxl_session_pool_total // 0) as $total | (.logos_pxl_session_pool_busy // 0) as $busy
        | if $total > 0 then ($busy / $total * 1000 | round) / 10 else "N/A" end' <<<"$metrics"
}

# shellcheck disable=SC2034  # who sources this reads them
# prove GOAL: the verdict, into $verdict, and the time it took, into $took_ms; signed when there is a key.
prove() {
    local began reply
    began=$(date +%s%3N)
    if ! reply=$("$ROOT/scripts/pxl-curl.sh" --server "$BASE_URL" "$1" -- --max-time "$TIMEOUT_S" 2>&1); then
        warn "no verdict on $1: $(jq -r '.error // empty' 2>/dev/null <<<"$reply" || printf '%s' "$reply" | tail -n 1)"
        return 3
    fi
    took_ms=$(( $(date +%s%3N) - began ))
    verdict=$(jq -r '.verdict // "none"' 2>/dev/null <<<"$reply") || verdict=none
}

# wait_ready SECONDS: until /health says ready.
wait_ready() {
    local end=$(( SECONDS + $1 ))
    while (( SECONDS < end )); do
        if get /health 2>/dev/null && jq -e '.ready == true' >/dev/null <<<"$body"; then
            return 0
        fi
        sleep 0.5
    done
    warn "the server at $BASE_URL was not ready within $1 s"
    return 3
}

# restart_service: by PXL_RESTART_CMD; else by systemd where the unit is installed (docker may be there for other
# things, and would start a second server); else the compose file's service, with its settings read anew.
restart_service() {
    if [[ -n ${PXL_RESTART_CMD:-} ]]; then
        bash -c "$PXL_RESTART_CMD"
    elif command -v systemctl >/dev/null && systemctl cat pxl.service >/dev/null 2>&1; then
        systemctl restart pxl.service
    elif command -v docker >/dev/null && docker compose version >/dev/null 2>&1; then
        docker compose --project-directory "$ROOT" -f "$ROOT/docker-compose.prod.yml" up -d --force-recreate pxl-prover
    elif command -v docker-compose >/dev/null; then
        docker-compose --project-directory "$ROOT" -f "$ROOT/docker-compose.prod.yml" up -d --force-recreate pxl-prover
    else
        die "do not know how to restart the server: say it in PXL_RESTART_CMD" 1
    fi
}

# The interpreter that has the server's packages.
python() { "${PXL_PYTHON:-$([[ -x $ROOT/.venv/bin/python ]] && printf %s "$ROOT/.venv/bin/python" || printf python3)}" "$@"; }

# archived NAME DAYS: the archived files of that kind from the last DAYS days, oldest first.
archived() {
    [[ -d $LOG_DIR/archive ]] || return 0
    find "$LOG_DIR/archive" -maxdepth 1 -type f -name "$1_*" ! -name '*.part' -newermt "@$(( $(date +%s) - $2 * 86400 ))" | sort
}

# lines NAME DAYS: the lines of a log and of its archives from the last DAYS days, compressed or not.
lines() {
    local stem=${1%.*} file
    while IFS= read -r file; do
        zcat -f -- "$file"
    done < <(archived "$stem" "$2")
    if [[ -f $LOG_DIR/$1 ]]; then
        cat -- "$LOG_DIR/$1"
    fi
}

# count PATTERN: how many lines of standard input match.
count() { grep -cE -- "$1" || true; }
