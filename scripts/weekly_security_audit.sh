#!/usr/bin/env bash
# The week's security events, and whether what protects the server is in place.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: weekly_security_audit.sh [--url URL]

Asks the server whether it wants authentication (by a request without any), counts the failed attempts in
the logs of the last seven days, compressed ones too, lists the busiest addresses, looks at the modes of
secret files, and at the certificate's end when the server's URL is https. The exit status is 1 when something must be mended.
USAGE
}

common_options "$@"
no_more ${rest[@]+"${rest[@]}"}
need curl jq awk zcat

failed=0
fail() {
    say "   FAIL: $*"
    failed=1
}

say "=== Weekly Security Audit: $(date -u '+%Y-%m-%d %H:%M:%S UTC') ==="

say "1. HMAC Authentication:"
reply=$(curl --silent --max-time "$TIMEOUT_S" --write-out '\n%{http_code}' \
    --header 'Content-Type: application/json' --data '{"goal": "BOX(A -> A)"}' --url "$BASE_URL/prove") || reply=000
status=${reply##*$'\n'}
if [[ $status != 000 ]] && ! jq -e 'type == "object"' >/dev/null 2>&1 <<<"${reply%$'\n'*}"; then
    warn "$BASE_URL/prove answered $status with something that is not a PXL server's JSON"
    exit 3
fi
case $status in
    401) say "   ENABLED: a request without a signature gets 401" ;;
    000) warn "no answer from $BASE_URL/prove"; exit 3 ;;
    200) case $BASE_URL in
             http://localhost* | http://127.0.0.1* | http://\[::1\]*)
                 say "   DISABLED: right only while the server listens on this machine alone" ;;
             *) fail "DISABLED: $BASE_URL answers anybody" ;;
         esac ;;
    *) fail "a request without a signature gets $status" ;;
esac
say "   Active key ids: $(lines audit.jsonl 7 | jq -rR 'fromjson? | select(.auth == "hmac" or .auth == "signature") | .user_id // empty' 2>/dev/null | sort -u | grep -c . || true)"

say "2. Security Events:"
say "   Failed Auth Attempts This Week: $(lines pxl-server.log 7 | count 'Invalid signature|Invalid token|Timestamp|Nonce')"
say "   Replies 401: $(lines access.log 7 | awk '$9 == 401' | count .)"

say "3. Rate Limiting:"
say "   Replies 429: $(lines access.log 7 | awk '$9 == 429' | count .)"
say "   Top Request Sources:"
lines access.log 7 | grep -F 'POST /prove' | awk '{ print $1 }' | sort | uniq -c | sort -nr | head -n 5 | sed 's/^/   /' || true

say "4. Secret files:"
for file in "$ROOT/.env" "${HMAC_SECRET_KEY_FILE:-}" "${HMAC_KEYRING_FILE:-}" "${JWT_SECRET_KEY_FILE:-}" \
        "${PXL_METRICS_TOKEN_FILE:-}" "${PXL_TOKEN_FILE:-}"; do
    [[ -n $file && -e $file ]] || continue
    # systemd keeps credentials where only the service comes, with modes of its own.
    [[ -z ${CREDENTIALS_DIRECTORY:-} || $file != "$CREDENTIALS_DIRECTORY"/* ]] || continue
    mode=$(stat -c %a -- "$file")
    if [[ $mode =~ ^[0-7]00$ ]]; then say "   $file: $mode"; else fail "$file has mode $mode: chmod 600 it"; fi
done

say "5. SSL/TLS Configuration:"
if [[ $BASE_URL == https://* ]]; then
    need openssl timeout
    host=${BASE_URL#https://} host=${host%%/*}
    [[ $host == *:* ]] || host+=:443
    if end=$(timeout "$TIMEOUT_S" openssl s_client -connect "$host" -servername "${host%:*}" </dev/null 2>/dev/null \
            | openssl x509 -noout -enddate 2>/dev/null); then
        days=$(( ($(date -d "${end#notAfter=}" +%s) - $(date +%s)) / 86400 ))
        say "   the certificate of $host is good for $days days"
        if (( days < 21 )); then fail "renew the certificate of $host"; fi
    else
        fail "$host shows no certificate"
    fi
else
    say "   not looked at: $BASE_URL is plain HTTP; give the public address with --url https://…"
fi
say "=== Security Audit Complete ==="
exit "$failed"
