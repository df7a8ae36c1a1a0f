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
(default 30). The server goes on in new files of the old names at its next line. What cannot be compressed,
because the disk is full, stays as it is, the exit status is 1, and the next rotation tries it again.
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
need gzip find flock
[[ -d $LOG_DIR ]] || die "there is no directory $LOG_DIR: PXL_LOG_DIR says where the logs are" 1

umask 027
archive=$LOG_DIR/archive
mkdir -p -- "$archive"
exec 9>"$archive/.lock"
flock -n 9 || die "another rotation is at work in $archive" 1

# What a rotation that was killed left behind; nobody else is at work here.
find "$archive" -maxdepth 1 -type f -name '*.part' -delete

# A name that is not taken, also when two rotations fall into one second.
stamp=$(date -u +%Y%m%d_%H%M%S)
turn=0
taken() { compgen -G "$archive/*_$stamp$( (( turn )) && printf -- '-%d' "$turn" ).*" >/dev/null; }
while taken; do turn=$(( turn + 1 )); done
if (( turn )); then stamp+=-$turn; fi

if [[ -f $LOG_DIR/performance.json ]]; then
    cp -- "$LOG_DIR/performance.json" "$archive/performance_$stamp.json"
fi

moved=0
for name in pxl-server.log access.log audit.jsonl; do
    if [[ -s $LOG_DIR/$name ]]; then
        mv -- "$LOG_DIR/$name" "$archive/${name%.*}_$stamp.${name##*.}"
        moved=$(( moved + 1 ))
    fi
done

# The writer may be in the middle of a line, with the file that it had open.
if (( moved )); then sleep "${PXL_ROTATE_GRACE:-1}"; fi

# The plain file goes only when the compressed one is whole and on the disk. Every step says
# `|| return`: within a condition bash does not stop at a step that failed.
packed() {
    local file=$1 size
    while :; do
        size=$(stat -c %s -- "$file") || return
        gzip -c -- "$file" >"$file.gz.part" || return
        [[ $(stat -c %s -- "$file") != "$size" ]] || break
    done
    gzip -t <"$file.gz.part" && sync -- "$file.gz.part" && touch -r "$file" -- "$file.gz.part" || return
    mv -- "$file.gz.part" "$file.gz" && rm -- "$file"
}

failed=0
for file in "$archive"/*_*.log "$archive"/*_*.jsonl; do
    [[ -f $file ]] || continue
    if ! packed "$file"; then
        rm -f -- "$file.gz.part"
        warn "cannot compress $file: it stays as it is"
        failed=1
    fi
done

find "$archive" -maxdepth 1 -type f \( -name '*.gz' -o -name '*.json' \) -mtime "+$keep_days" -delete
if (( failed )); then die "Log rotation is not complete: $moved files are in $archive, not all compressed" 1; fi
say "Log rotation completed: $(date -u '+%Y-%m-%d %H:%M:%S UTC'), $moved files into $archive"
