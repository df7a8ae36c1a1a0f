#!/usr/bin/env bash
# Bring a server back from a backup: check the pack, restore it, restart, and judge the result.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: recover_system.sh [--dry-run] [--wait SECONDS] [--url URL] BACKUP.tar.gz

Refuse a pack that does not match its .sha256, or that has absolute names, "..", links or devices in it;
unpack it over this installation (what it replaces is kept in recovered-TIME.tar.gz beside it); restart the
server by PXL_RESTART_CMD, systemd or compose; wait until it is ready (default 120 s); run the integration
suite. --dry-run stops after the checks and says what would be restored. Exit status 0 only if the suite passed.
USAGE
}

pack='' dry='' wait_s=120
common_options "$@"
set -- ${rest[@]+"${rest[@]}"}
while (( $# )); do
    case $1 in
        --dry-run) dry=yes ;;
        --wait) (( $# >= 2 )) || die "--wait needs a value"; whole --wait "$2"; wait_s=$2; shift ;;
        -*) no_more "$1" ;;
        *) [[ -z $pack ]] || die "one backup at a time"; pack=$1 ;;
    esac
    shift
done
[[ -n $pack ]] || die "which backup? --help says how"
[[ -r $pack ]] || die "cannot read $pack"
need tar gzip sha256sum curl jq

say "Checking $pack"
pack=$(cd -- "$(dirname -- "$pack")" && pwd)/$(basename -- "$pack")
if [[ -e $pack.sha256 ]]; then
    (cd -- "$(dirname -- "$pack")" && sha256sum --quiet --check -- "$(basename -- "$pack").sha256") \
        || die "$pack is not what $pack.sha256 says" 1
else
    warn "there is no $pack.sha256: nothing vouches for the pack"
fi
listing=$(tar -tvzf "$pack" 2>/dev/null) || die "$pack is no readable tar.gz" 1
[[ -n $listing ]] || die "$pack is empty" 1
if bad=$(grep -Ev '^[-d]([r-][w-][x-]){3} ' <<<"$listing"); then
    die "$pack holds something that is no plain file or directory: $(head -n 1 <<<"$bad")" 1
fi
names=$(tar -tzf "$pack")
if bad=$(grep -E '^/|(^|/)\.\.(/|$)' <<<"$names"); then
    die "$pack would write outside: $(head -n 1 <<<"$bad")" 1
fi
if bad=$(grep -Ev '^(\./)?(\.env$|docker-compose\.prod\.yml$|configs/|kubernetes/|monitoring/|logs/performance\.json$)' <<<"$names"); then
    die "$pack holds more than a configuration: $(head -n 1 <<<"$bad")" 1
fi
say "   ${names//$'\n'/$'\n'   }"
if [[ -n $dry ]]; then
    say "Dry run: nothing was changed in $ROOT"
    exit 0
fi

umask 077
kept=$ROOT/recovered-$(date -u +%Y%m%d_%H%M%S).tar.gz
mapfile -t replaced < <(cd -- "$ROOT" && while IFS= read -r name; do if [[ -f $name ]]; then printf '%s\n' "$name"; fi; done <<<"$names")
if (( ${#replaced[@]} )); then
    tar -czf "$kept" -C "$ROOT" -- "${replaced[@]}"
    say "What is replaced is kept in $kept"
fi
# With the modes of the pack: other users read what is in configs/ and monitoring/.
tar -xzf "$pack" -C "$ROOT" --no-same-owner --same-permissions
say "Restored into $ROOT"

restart_service
wait_ready "$wait_s"
say "The server at $BASE_URL is ready"
cd -- "$ROOT"
if python integration_test_suite.py --url "$BASE_URL"; then
    say "Recovery successful"
else
    die "Recovery failed: the integration suite did not pass" 1
fi
