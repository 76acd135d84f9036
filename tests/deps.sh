#!/bin/sh
# What a fresh Debian machine lacks: `deps.sh build` its packages, `deps.sh venv` the Python side.
# Installs as root or through sudo; otherwise prints the command to type.
set -eu

packages="gcc g++ make pkg-config libelf-dev libdw-dev libxxhash-dev libcjson-dev libcmocka-dev
gcc-riscv64-unknown-elf binutils-riscv64-unknown-elf picolibc-riscv64-unknown-elf libstdc++-12-dev
qemu-user python3 python3-venv libclang-14-dev"

missing_packages() {
    for p in $packages; do
        dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"
    done
}

install_packages() {
    command -v dpkg-query >/dev/null || return 0 # not Debian: the compiler says what is missing
    missing=$(missing_packages | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ]; then as_root=''
    elif sudo -n true 2>/dev/null; then as_root='sudo'
    else
        echo "missing packages; please run:" >&2
        echo "    sudo apt-get install $missing" >&2
        exit 1
    fi
    echo "installing $missing"
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq $missing >/dev/null
}

# numpy 1.24-1.26: published run.py scripts rely on the integer promotion of numpy 1; some import scipy, pandas or
# matplotlib. ctypeslib2 and clang are for tests/abi.
make_venv() {
    [ -f build/venv/.stamp ] && [ build/venv/.stamp -nt tests/deps.sh ] && return 0
    python=/usr/bin/python3
    [ -x $python ] || python=python3
    rm -rf build/venv
    echo "making build/venv"
    $python -m venv build/venv
    build/venv/bin/pip install -q --disable-pip-version-check 'numpy>=1.24,<1.27' 'ctypeslib2' 'clang==14.*' \
        scipy pandas matplotlib pillow
    touch build/venv/.stamp
}

case $1 in
    # The check costs a dpkg call per package, so its success is remembered.
    build) [ -f build/.deps ] && [ build/.deps -nt tests/deps.sh ] || { install_packages; mkdir -p build; touch build/.deps; } ;;
    venv) make_venv ;;
esac
