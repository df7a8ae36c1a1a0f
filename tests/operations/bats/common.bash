# What the bats files share. test_scripts.py starts the servers and names them:
# OK_URL a real server, DEAD_URL nobody, HTML_URL a web page, ERROR_URL 500 with JSON, SLOW_URL never answers,
# EMPTY_URL metrics without numbers and an empty pool.
# shellcheck shell=bash

SCRIPTS=$BATS_TEST_DIRNAME/../../../scripts

setup() {
    export PXL_LOG_DIR=$BATS_TEST_TMPDIR/logs PXL_SCRIPT_TIMEOUT=2
    mkdir -p "$PXL_LOG_DIR/archive"
    unset BASE_URL PXL_RESTART_CMD
}

# A directory that looks like an installation: what the scripts change is changed there.
installation() {
    export PXL_ROOT=$BATS_TEST_TMPDIR/install
    mkdir -p "$PXL_ROOT/configs" "$PXL_ROOT/monitoring" "$PXL_ROOT/kubernetes" "$PXL_ROOT/logs"
    ln -s "$(cd "$SCRIPTS" && pwd)" "$PXL_ROOT/scripts"
    printf 'SECRET=of-this-installation\n' >"$PXL_ROOT/.env"
    printf 'a: 1\n' >"$PXL_ROOT/configs/gateway.yaml"
    printf '{"endpoints": []}\n' >"$PXL_ROOT/logs/performance.json"
}

has() {
    if [[ $output != *"$1"* ]]; then
        printf 'expected: %s\nin:\n%s\n' "$1" "$output" >&2
        return 1
    fi
}

lacks() {
    if [[ $output == *"$1"* ]]; then
        printf 'not expected: %s\nin:\n%s\n' "$1" "$output" >&2
        return 1
    fi
}
