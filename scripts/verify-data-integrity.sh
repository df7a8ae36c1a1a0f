#!/usr/bin/env bash
# See that the compiled kernel is the one that was built, and that Coq's own checker accepts it.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: verify-data-integrity.sh [--quick] [--url URL]

Hash the kernel's sources and compiled files and compare them with the manifest; scan the sources, check what
every theorem rests on, and run coqchk (--quick leaves these out). With --url, compare the hash with
the running server's, too. The exit status is 0 when all is as it was built, 1 when not.
USAGE
}

asked_url='' quick=''
for argument in "$@"; do if [[ $argument == --url ]]; then asked_url=yes; fi; done
common_options "$@"
set -- ${rest[@]+"${rest[@]}"}
while (( $# )); do
    case $1 in
        --quick) quick=yes ;;
        *) no_more "$1" ;;
    esac
    shift
done

kernel=()
if [[ -n ${PXL_KERNEL_DIR:-} ]]; then kernel=(--dir "$(realpath -ms -- "$PXL_KERNEL_DIR")"); fi
cd -- "$ROOT"
python -m pxl.kernel ${kernel[@]+"${kernel[@]}"} verify || die "the compiled kernel is not what was built: run \`make kernel\` and look for who changed it" 1
if [[ -z $quick ]]; then
    python -m pxl.kernel ${kernel[@]+"${kernel[@]}"} gates || die "the kernel does not pass its gates" 1
fi
if [[ -n $asked_url ]]; then
    need curl jq
    get /health || exit 3
    # The kernel's hash is the first line; those of the overlays' libraries follow.
    ours=$(python -m pxl.kernel ${kernel[@]+"${kernel[@]}"} hash) theirs=$(jq -r '.kernel_hash' <<<"$body")
    ours=${ours%%$'\n'*}
    [[ $ours == "$theirs" ]] || die "the server at $BASE_URL runs the kernel $theirs; this is $ours" 1
    say "the server at $BASE_URL runs this kernel"
fi
say "Data integrity verified"
