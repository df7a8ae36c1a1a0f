#!/usr/bin/env bash
# Pack the configuration of this installation, verify the pack, and drop old ones.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: backup_config.sh [--dir DIRECTORY] [--keep-days DAYS]

Write logos-pxl-config_TIME.tar.gz and its SHA-256 into DIRECTORY (BACKUP_DIR, default /backups/logos-pxl) and
delete packs older than DAYS (default 30). The pack holds .env, which may have secrets: it is readable
by its owner only. What is not there is named and left out. recover_system.sh unpacks it.
USAGE
}

directory=${BACKUP_DIR:-/backups/logos-pxl} keep_days=30
common_options "$@"
set -- ${rest[@]+"${rest[@]}"}
while (( $# )); do
    case $1 in
        --dir) (( $# >= 2 )) || die "--dir needs a value"; directory=$2; shift ;;
        --keep-days) (( $# >= 2 )) || die "--keep-days needs a value"; whole --keep-days "$2"; keep_days=$2; shift ;;
        *) no_more "$1" ;;
    esac
    shift
done
need tar gzip sha256sum flock

umask 077
mkdir -p -- "$directory"
directory=$(cd -- "$directory" && pwd)
exec 9>"$directory/.lock"
flock -w 60 9 || die "another backup is at work in $directory" 1
cd -- "$ROOT"
members=()
for member in .env docker-compose.prod.yml configs kubernetes monitoring logs/performance.json; do
    if [[ -e $member ]]; then members+=("$member"); else say "not there, left out: $member"; fi
done
(( ${#members[@]} )) || die "there is nothing to back up in $ROOT" 1

pack=logos-pxl-config_$(date -u +%Y%m%d_%H%M%S)
turn=''
while [[ -e $directory/$pack$turn.tar.gz ]]; do turn=$(( ${turn:-0} - 1 )); done
pack+=$turn.tar.gz
trap 'rm -f -- "$directory/$pack.part"' EXIT
tar -czf "$directory/$pack.part" --exclude='*.log' --exclude='logs/archive' -- "${members[@]}"
gzip -t <"$directory/$pack.part"
tar -tzf "$directory/$pack.part" >/dev/null
sync -- "$directory/$pack.part"
# The sum comes first: a pack that is there can always be verified.
printf '%s  %s\n' "$(sha256sum <"$directory/$pack.part" | cut -d ' ' -f 1)" "$pack" >"$directory/$pack.sha256"
mv -- "$directory/$pack.part" "$directory/$pack"
find "$directory" -maxdepth 1 -type f -name 'logos-pxl-config_*' -mtime "+$keep_days" -delete
say "Backup completed: $directory/$pack"
