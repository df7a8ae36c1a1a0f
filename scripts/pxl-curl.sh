#!/usr/bin/env bash
# Ask a PXL server from the shell, signed when there is a key; or sign a body for another program.
#
# The key never stands in an argument or in the environment of a program that is started here, where
# `ps` would show it (as `openssl dgst -hmac KEY` does): HMAC is two hashes, and the key goes into
# them through pipes from shell builtins.
set -euo pipefail
# What the caller exported under these names would make them exported here too.
set +a
unset -v key digits inner escapes piece

usage() {
    cat <<'USAGE'
Usage: pxl-curl.sh [--server URL] [--timeout SECONDS] [--certificate] GOAL [-- CURL-OPTION...]
       pxl-curl.sh --sign < BODY

Ask a PXL server whether GOAL is a theorem and print the reply; GOAL - reads standard input.
With --sign print the signature headers for a body of POST /prove, one a line; they are good
once, for a minute.

  --server URL       default http://127.0.0.1:8088
  --timeout SECONDS  time for the goal (the server's default without it)
  --certificate      ask for a certificate that coqc re-checks
  --help             print this

The key is taken from HMAC_SECRET_KEY, or from the file that HMAC_SECRET_KEY_FILE names; without
either nothing is signed. It is never an argument, here or of a program that is started.

  pxl-curl.sh 'BOX(A -> A)'
  pxl-curl.sh 'BOX(A -> A)' -- --silent | jq .verdict
  curl -H @<(pxl-curl.sh --sign < body.json) -H 'Content-Type: application/json' \
      --data-binary @body.json http://127.0.0.1:8088/prove

Exit status: 0 the server gave a verdict, of whichever kind; 2 usage; 22 it refused; otherwise curl's.
USAGE
}

die() {
    printf 'pxl-curl.sh: %s\n' "$1" >&2
    exit 2
}

# The key, into $key; and out of the environment of what is started from here.
take_key() {
    if [[ -n ${HMAC_SECRET_KEY:-} && -n ${HMAC_SECRET_KEY_FILE:-} ]]; then
        die "both HMAC_SECRET_KEY and HMAC_SECRET_KEY_FILE are set: unset one"
    fi
    key=${HMAC_SECRET_KEY:-}
    if [[ -n ${HMAC_SECRET_KEY_FILE:-} ]]; then
        [[ -r $HMAC_SECRET_KEY_FILE ]] || die "cannot read the key file $HMAC_SECRET_KEY_FILE"
        key=$(<"$HMAC_SECRET_KEY_FILE")
        key=${key%$'\r'}
        [[ -n $key ]] || die "the key file $HMAC_SECRET_KEY_FILE is empty"
        [[ $key != *$'\n'* ]] || die "the key file $HMAC_SECRET_KEY_FILE has more than one line"
    fi
    unset HMAC_SECRET_KEY
}

# Bytes on standard input, as hexadecimal digits.
hex() { od -An -v -tx1 | tr -d ' \n'; }

# SHA-256 of standard input, as hexadecimal digits.
sha256() {
    if command -v sha256sum >/dev/null; then sha256sum; else openssl dgst -sha256 -r; fi | cut -c1-64
}

# Hexadecimal digits as escapes for printf, each byte combined with a mask.
masked() {
    local digits=$1 mask=$2 escapes='' place piece
    for ((place = 0; place < ${#digits}; place += 2)); do
        printf -v piece '\\x%02x' $((16#${digits:place:2} ^ mask))
        escapes+=$piece
    done
    printf '%s' "$escapes"
}

# HMAC-SHA256 of standard input under $key (RFC 2104), as hexadecimal digits.
hmac() {
    local digits inner
    digits=$(printf '%s' "$key" | hex)
    (( ${#digits} <= 128 )) || digits=$(printf '%s' "$key" | sha256)
    while (( ${#digits} < 128 )); do digits+=00; done
    inner=$({ printf '%b' "$(masked "$digits" 0x36)"; cat; } | sha256)
    { printf '%b' "$(masked "$digits" 0x5c)"; printf '%b' "$(masked "$inner" 0)"; } | sha256
}

# The headers for the body on standard input.
headers() {
    local timestamp nonce signature
    timestamp=$(date +%s)
    nonce=$(od -An -v -N16 -tx1 /dev/urandom | tr -d ' \n')
    signature=$({ printf '%s:%s:' "$timestamp" "$nonce"; cat; } | hmac)
    printf 'X-Timestamp: %s\nX-Nonce: %s\nX-Signature: %s\n' "$timestamp" "$nonce" "$signature"
}

# A text as a JSON string.
quoted() {
    local text=$1
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    text=${text//$'\n'/\\n}
    text=${text//$'\r'/\\r}
    text=${text//$'\t'/\\t}
    [[ $text != *[[:cntrl:]]* ]] || die "the goal holds a control character"
    printf '"%s"' "$text"
}

server=http://127.0.0.1:8088 timeout='' certificate='' goal='' has_goal='' sign='' key=''
while (( $# )); do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --server | --timeout)
            (( $# >= 2 )) || die "$1 needs a value"
            if [[ $1 == --server ]]; then server=${2%/}; else timeout=$2; fi
            shift ;;
        --certificate) certificate=yes ;;
        --sign) sign=yes ;;
        --) shift; break ;;
        --*) die "unknown option $1; --help lists them" ;;
        *) [[ -z $has_goal ]] || die "one goal at a time: ${1} is one more"
           goal=$1 has_goal=yes ;;
    esac
    shift
done

take_key
if [[ -n $sign ]]; then
    [[ -z $has_goal ]] || die "--sign reads the body from standard input and takes no goal"
    [[ -n $key ]] || die "no key to sign with: set HMAC_SECRET_KEY or HMAC_SECRET_KEY_FILE"
    headers
    exit 0
fi

[[ -n $has_goal ]] || die "which goal? --help says how to ask"
[[ $goal != - ]] || goal=$(cat)
body="{\"goal\": $(quoted "$goal")"
if [[ -n $timeout ]]; then
    [[ $timeout =~ ^[0-9]{1,4}$ ]] || die "--timeout takes whole seconds, not $timeout"
    body+=", \"timeout_ms\": $((10#$timeout * 1000))"
fi
[[ -z $certificate ]] || body+=', "certificate": true'
body+='}'

signature=''
[[ -z $key ]] || signature=$(printf '%s' "$body" | headers)
printf '%s' "$body" | curl --fail-with-body --silent --show-error --max-time 190 \
    --header 'Content-Type: application/json' --header @<(printf '%s\n' "$signature") \
    --data-binary @- "$@" "$server/prove"
