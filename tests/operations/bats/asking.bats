#!/usr/bin/env bats
# The scripts that ask a running server.
load common

ASKING="monitor_pxl.sh daily_health_check.sh weekly_performance_review.sh weekly_security_audit.sh
    monthly_capacity_review.sh export_state.sh"

once() { if [[ $1 == monitor_pxl.sh ]]; then printf -- --once; fi; }

@test "a server that is down, slow, wrong or broken ends each script with 3 and one clear line" {
    export EXPORT_DIR=$BATS_TEST_TMPDIR/exports
    for script in $ASKING; do
        for url in "$DEAD_URL" "$HTML_URL" "$ERROR_URL" "$SLOW_URL"; do
            # A 500 on /prove is a finding of the audit, not its end.
            if [[ $script == weekly_security_audit.sh && $url == "$ERROR_URL" ]]; then continue; fi
            # shellcheck disable=SC2046
            run "$SCRIPTS/$script" $(once "$script") --url "$url"
            [ "$status" -eq 3 ] || { echo "$script $url: $status: $output" >&2; false; }
            lacks "parse error"
            lacks "jq:"
        done
    done
    [ ! -e "$EXPORT_DIR" ]
}

@test "numbers that are not known yet are N/A and raise no alarm" {
    run "$SCRIPTS/monitor_pxl.sh" --once --url "$EMPTY_URL"
    [ "$status" -eq 0 ]
    has "Verification: N/A% | P95: N/Ams | Cache: N/A%"
    lacks ALERT
    for script in weekly_performance_review.sh monthly_capacity_review.sh; do
        run "$SCRIPTS/$script" --url "$EMPTY_URL"
        [ "$status" -eq 0 ]
        has "Utilization: N/A%"
        lacks RECOMMENDATION
    done
}

@test "numbers out of bounds raise an alarm, also where a comma is the decimal point" {
    for locale in C de_DE.UTF-8; do
        LC_ALL=$locale run "$SCRIPTS/monitor_pxl.sh" --once --url "$BAD_URL"
        [ "$status" -eq 1 ]
        has "ALERT: Verification ratio below 90%: 89.5%"
        has "ALERT: P95 latency exceeds 300ms: 300.25ms"
    done
    run "$SCRIPTS/weekly_performance_review.sh" --url "$BAD_URL"
    has "Current Session Pool Utilization: 80%"
    has "RECOMMENDATION: Consider increasing session pool size"
    has "RECOMMENDATION: Review cache TTL settings"
    run "$SCRIPTS/monthly_capacity_review.sh" --url "$BAD_URL"
    has "RECOMMENDATION: Increase pool size to 10"
    has "ACTION: Set PXL_POOL_SIZE=10"
}

@test "the monitor goes on after a server that is down" {
    run timeout 3 "$SCRIPTS/monitor_pxl.sh" --interval 1 --url "$DEAD_URL"
    [ "$status" -eq 124 ]
    [ "$(grep -c 'ALERT: no metrics' <<<"$output")" -ge 2 ]
}

@test "the monitor sees a real server" {
    run "$SCRIPTS/monitor_pxl.sh" --once --url "$OK_URL"
    [ "$status" -eq 0 ]
    has "Verification: "
}

@test "the daily check passes on a real server, signed" {
    printf '2026-01-01 INFO nothing\n' >"$PXL_LOG_DIR/pxl-server.log"
    run "$SCRIPTS/daily_health_check.sh" --url "$OK_URL"
    [ "$status" -eq 0 ]
    has "BOX(A -> A): proved"
    has "A -> BOX(A): refuted"
    lacks FAIL
}

@test "the daily check fails without the key, and on errors in the log" {
    HMAC_SECRET_KEY='' HMAC_SECRET_KEY_FILE='' run "$SCRIPTS/daily_health_check.sh" --url "$OK_URL"
    [ "$status" -eq 1 ]
    has "no verdict on BOX(A -> A)"
    printf '2026-01-01 ERROR the disk is full *\n' >"$PXL_LOG_DIR/pxl-server.log"
    run "$SCRIPTS/daily_health_check.sh" --url "$OK_URL"
    [ "$status" -eq 1 ]
    has "ERROR the disk is full *"
}

@test "the weekly review reads the archives of this week only" {
    archive=$PXL_LOG_DIR/archive
    printf '{"endpoints": [{"name": "POST /prove", "p95_duration_ms": 12.5, "call_count": 7}]}' >"$archive/performance_a.json"
    cp "$archive/performance_a.json" "$archive/performance_b.json"
    touch -d '8 days ago' "$archive/performance_b.json"
    printf 'not json' >"$archive/performance_c.json"
    printf '1 ERROR x\n2 INFO ERRORS are none\n3 CRITICAL y\n' | gzip >"$archive/pxl-server_a.log.gz"
    printf '4 ERROR z\n' >"$PXL_LOG_DIR/pxl-server.log"
    run "$SCRIPTS/weekly_performance_review.sh" --url "$OK_URL"
    [ "$status" -eq 0 ]
    has "performance_a.json: POST /prove: P95: 12.5ms, Calls: 7"
    has "performance_c.json: not readable"
    lacks "performance_b.json"
    has "Total Errors This Week: 4"
}

@test "the audit counts in compressed logs and finds what is open" {
    printf 'Invalid signature\nok\nTimestamp too old\n' | gzip >"$PXL_LOG_DIR/archive/pxl-server_a.log.gz"
    printf 'Nonce already used\n' >"$PXL_LOG_DIR/pxl-server.log"
    for n in 1 2 3; do
        printf '10.0.0.%s - - [01/Jan/2026:00:00:00 +0000] "POST /prove HTTP/1.1" 401 10 "-" "curl"\n' 1 "$n"
    done >"$PXL_LOG_DIR/access.log"
    installation
    run "$SCRIPTS/weekly_security_audit.sh" --url "$OK_URL"
    [ "$status" -eq 1 ]
    has "ENABLED"
    has "Failed Auth Attempts This Week: 3"
    has "Replies 401: 6"
    has "4 10.0.0.1"
    has ".env has mode"
    chmod 600 "$PXL_ROOT/.env"
    run "$SCRIPTS/weekly_security_audit.sh" --url "$OK_URL"
    [ "$status" -eq 0 ]
}

@test "an export is whole, and its manifest holds" {
    run "$SCRIPTS/export_state.sh" --url "$OK_URL" --dir "$BATS_TEST_TMPDIR/exports"
    [ "$status" -eq 0 ]
    cd "$BATS_TEST_TMPDIR/exports"
    sha256sum --check --quiet manifest_*.sha256
    [ "$(ls | wc -l)" -eq 5 ]
    jq -e .logos_pxl_uptime_seconds metrics_*.json
    jq -e .session_pool health_*.json
    jq -e .endpoints performance_*.json
    grep -Eq '^[0-9a-f]{64}$' kernel_hash_*.txt
}

@test "the audit does not take a web page for a server, nor a credential of systemd for an open file" {
    run "$SCRIPTS/weekly_security_audit.sh" --url "$HTML_URL"
    [ "$status" -eq 3 ]
    has "not a PXL server"
    installation
    chmod 600 "$PXL_ROOT/.env"
    printf '%s\n' "$HMAC_SECRET_KEY" >"$BATS_TEST_TMPDIR/hmac-secret-key"
    chmod 440 "$BATS_TEST_TMPDIR/hmac-secret-key"
    export HMAC_SECRET_KEY_FILE=$BATS_TEST_TMPDIR/hmac-secret-key
    run "$SCRIPTS/weekly_security_audit.sh" --url "$OK_URL"
    [ "$status" -eq 1 ]
    CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR run "$SCRIPTS/weekly_security_audit.sh" --url "$OK_URL"
    [ "$status" -eq 0 ]
}
