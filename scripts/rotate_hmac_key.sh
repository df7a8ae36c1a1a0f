#!/usr/bin/env bash
# Rotate the key that signs requests, without refusing anybody.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: rotate_hmac_key.sh new | rotate [--grace SECONDS] | status   [--file KEYRING]

  new      make the next key; the server accepts it within a second, beside the current one. Give it to the
           clients: `pxl keys list --show` prints it, to you and no log
  rotate   make the next key current and the current one old. The old one is good for the grace
           (default and most 86400 s), then it ends by itself: nothing has to be scheduled
  status   list the keys by id, state and end

The keyring is HMAC_KEYRING_FILE or --file. The running server notices the change; it is not restarted, and no
request that is signed with a key still good is refused. No key is printed.
USAGE
}

command='' grace=() file=()
common_options "$@"
set -- ${rest[@]+"${rest[@]}"}
while (( $# )); do
    case $1 in
        new | rotate | status) [[ -z $command ]] || die "one command at a time"; command=$1 ;;
        --grace) (( $# >= 2 )) || die "--grace needs a value"; whole --grace "$2"; grace=(--grace "$2"); shift ;;
        --file) (( $# >= 2 )) || die "--file needs a value"; file=(--file "$(realpath -ms -- "$2")"); shift ;;
        *) no_more "$1" ;;
    esac
    shift
done
[[ -n $command ]] || die "which command? --help lists them"
[[ -n ${HMAC_KEYRING_FILE:-} || ${#file[@]} -gt 0 ]] || die "which keyring? set HMAC_KEYRING_FILE or give --file"

cd "$ROOT"
case $command in
    new) python -m pxl keys new ${file[@]+"${file[@]}"} ;;
    rotate) python -m pxl keys rotate ${file[@]+"${file[@]}"} ${grace[@]+"${grace[@]}"} ;;
    status) python -m pxl keys list ${file[@]+"${file[@]}"} ;;
esac
