#!/usr/bin/env bash
# Make this clone ready: Coq, a virtual environment, the pinned requirements, the compiled kernel.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

VENV=${VENV:-.venv}
lock=requirements.lock

usage() {
    cat <<'USAGE'
Usage: setup.sh [--dev]

Do only what is still missing, and say what is done. As root on Debian, install what the system lacks with
apt-get; otherwise say what to install and end with status 2.

  --dev  also what tests, linting and benchmarks need

PYTHON names an interpreter, VENV the environment's directory (.venv), PXL_KERNEL_DIR the compiled
kernel's (pxl/kernel/_build).
USAGE
}

say() { printf 'setup: %s\n' "$*"; }

die() {
    printf 'setup: %s\n' "$@" >&2
    exit 2
}

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}

has_coq() { command -v coqc >/dev/null && command -v coqchk >/dev/null; }

has_environment() { "$VENV/bin/python" -m pip --version >/dev/null 2>&1; }

makes_environments() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# Prints the Debian packages that this machine lacks and the server needs, one a line.
missing_packages() {
    local python
    python=$(find_python)
    if [[ -z $python ]]; then
        printf '%s\n' python3 python3-venv
    elif ! has_environment && ! makes_environments "$python"; then
        printf '%s\n' python3-venv
    fi
    if ! has_coq; then
        printf '%s\n' coq
    fi
}

# Prints those that tests, linting and benchmarks need besides.
missing_tools() {
    if [[ $lock != requirements-dev.lock ]]; then
        return
    fi
    # What the tests run; with the package where that is called otherwise.
    local -a tools=(
        make curl redis-server nginx jq bats shellcheck prometheus amtool:prometheus-alertmanager
        strace systemd-analyze:systemd openssl
        ocamlopt:ocaml js_of_ocaml:js-of-ocaml node:nodejs
        buildah debootstrap bwrap:bubblewrap docker-compose kubectl:kubernetes-client
    )
    local tool
    for tool in "${tools[@]}"; do
        # Some are where only root's PATH leads.
        if [[ ! -x /usr/sbin/${tool%:*} ]] && ! command -v "${tool%:*}" >/dev/null; then
            printf '%s\n' "${tool#*:}"
        fi
    done
}

must_be_able_to_install() {
    local -a packages
    mapfile -t packages < <(missing_packages; missing_tools)
    if (( ${#packages[@]} > 0 )) && { (( EUID != 0 )) || ! command -v apt-get >/dev/null; }; then
        die "this machine lacks: ${packages[*]}" \
            "install it as root and run this again. On Debian 12:" \
            "    apt-get update && apt-get install -y --no-install-recommends ${packages[*]}" \
            "elsewhere: Python 3.11 or later with venv, and Coq 8.16 or later with coqc and coqchk on the PATH"
    fi
}

# Installs what the function named prints.
install_with_apt() {
    local -a packages
    mapfile -t packages < <("$1")
    if (( ${#packages[@]} == 0 )); then
        return
    fi
    say "installing ${packages[*]} with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    local -a apt=(apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    "${apt[@]}" update
    "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >/dev/null
    mapfile -t packages < <("$1")
    if (( ${#packages[@]} > 0 )); then
        die "apt-get installed what this system has, but it still lacks: ${packages[*]}" \
            "(Python must be 3.11 or later: use Debian 12 or later, or name an interpreter in PYTHON)"
    fi
}

make_environment() {
    if has_environment; then
        return
    fi
    local python
    python=$(find_python)
    say "making a virtual environment in $VENV with $("$python" --version)"
    "$python" -m venv --clear "$VENV"
}

# A stamp holds what was asked for when pip last had installed all of it.
install_requirements() {
    if cat "$lock" pyproject.toml | cmp -s - "$VENV/.installed-$lock"; then
        return
    fi
    say "installing $lock into $VENV"
    local -a pip=("$VENV/bin/python" -m pip --disable-pip-version-check install --quiet)
    "${pip[@]}" --require-hashes -r "$lock"
    "${pip[@]}" --no-deps --editable .
    cat "$lock" pyproject.toml >"$VENV/.installed-$lock"
    # requirements-dev.lock holds all of requirements.lock.
    cat requirements.lock pyproject.toml >"$VENV/.installed-requirements.lock"
}

for option in "$@"; do
    case $option in
        --help | -h) usage; exit 0 ;;
        --dev) lock=requirements-dev.lock ;;
        *) die "unknown option $option; known are --dev and --help" ;;
    esac
done

# Two set-ups of one clone take turns; the lock ends with this process.
if command -v flock >/dev/null; then
    exec 9<scripts/setup.sh
    flock 9
fi

must_be_able_to_install
install_with_apt missing_packages

# What takes long goes on side by side: more packages, the kernel (which needs no other package of Python's), requirements.
install_with_apt missing_tools &
tools_job=$!
"$(find_python)" -m pxl.kernel build ${PXL_KERNEL_DIR:+--dir "$PXL_KERNEL_DIR"} &
kernel_job=$!
failed=0
make_environment && install_requirements || failed=$?
wait "$kernel_job" || failed=$?
wait "$tools_job" || failed=$?
if (( failed > 0 )); then
    exit "$failed"
fi
say "ready"
