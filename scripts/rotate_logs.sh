#!/usr/bin/env bash
# Put the logs away: rename, let the server open new ones, compress, and drop what is old.
#
# No line is lost: a renamed file is still the one that the server has open, until it notices at its
# next line; what was written meanwhile is compressed too.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
    cat <<'USAGE'
Usage: rotate_logs.sh [--keep-days DAYS]

Move pxl-server.log, access.log and audit.jsonl of PXL_LOG_DIR (default logs) into its archive/ with the
time in their names, compress them, copy performance.json there, and delete archives older than DAYS
(default 30). The server goes on in new files of the old names at its next line.
USAGE
}

keep_days=30
common_options "$@"
set -- ${rest[@]+"${rest[@]}"}
while (( $# )); do
    case $1 in
        --keep-days) (( $# >= 2 )) || die "--keep-days needs a value"; whole --keep-days "$2"; keep_days=$2; shift ;;
        *) no_more "$1" ;;
    esac
    shift
done
need gzip find
[[ -d $LOG_DIR ]] || die "there is no directory $LOG_DIR: PXL_LOG_DIR says where the logs are" 1

umask 027
archive=$LOG_DIR/archive
mkdir -p -- "$archive"
exec 9>"$archive/.lock"
flock -n 9 || die "another rotation is at work in $archive" 1

# A name that is not taken, also when two rotations fall into one second.
stamp=$(date -u +%Y%m%d_%H%M%S)
turn=0
taken() { compgen -G "$archive/*_$stamp$( (( turn )) && printf -- '-%d' "$turn" ).*" >/dev/null; }
while taken; do turn=$(( turn + 1 )); done
if (( turn )); then stamp+=-$turn; fi

if [[ -f $LOG_DIR/performance.json ]]; then
    cp -- "$LOG_DIR/performance.json" "$archive/performance_$stamp.json"
fi

moved=()
for name in pxl-server.log access.log audit.jsonl; do
    if [[ -s $LOG_DIR/$name ]]; then
        mv -- "$LOG_DIR/$name" "$archive/${name%.*}_$stamp.${name##*.}"
        moved+=("$archive/${name%.*}_$stamp.${name##*.}")
    fi
done

# The writer may be in the middle of a line, with the file that it had open.
if (( ${#moved[@]} )); then sleep "${PXL_ROTATE_GRACE:-1}"; fi

for file in ${moved[@]+"${moved[@]}"}; do
    until
        size=$(stat -c %s -- "$file")
        gzip -c -- "$file" >"$file.gz.part"
        [[ $(stat -c %s -- "$file") == "$size" ]]
    do :; done
    touch -r "$file" -- "$file.gz.part"
    mv -- "$file.gz.part" "$file.gz"
    rm -- "$file"
done

find "$archive" -maxdepth 1 -type f \( -name '*.gz' -o -name '*.json' -o -name '*.part' \) -mtime "+$keep_days" -delete
say "Log rotation completed: $(date -u '+%Y-%m-%d %H:%M:%S UTC'), ${#moved[@]} files into $archive"
