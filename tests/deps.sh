#!/bin/sh
# What a fresh Debian machine lacks: `deps.sh build` its packages, `deps.sh venv` the Python side.
# Installs as root or through sudo; otherwise prints the command to type.
set -eu

packages="gcc g++ make pkg-config libelf-dev libdw-dev libxxhash-dev libcjson-dev libcmocka-dev
gcc-riscv64-unknown-elf binutils-riscv64-unknown-elf picolibc-riscv64-unknown-elf
qemu-user python3 python3-venv"

# The major version of a package that is installed or can be: 14 for 1:14.0-55.
major_of() {
    version=$(dpkg-query -W -f='${Version}' "$1" 2>/dev/null) || version=
    [ -n "$version" ] || version=$(apt-cache show "$1" 2>/dev/null | sed -n 's/^Version: //p' | head -n 1)
    version=${version#*:}
    echo "${version%%[!0-9]*}"
}

# The latest libclang with headers that is installed: 14 for libclang-14-dev.
libclang_version() {
    dpkg-query -W -f='${Package} ${Status}\n' 'libclang-*-dev' 2>/dev/null |
        sed -n 's/^libclang-\([0-9]*\)-dev .* ok installed$/\1/p' | sort -n | tail -n 1
}

# Kernels take the C++ headers of the host's GCC of the same version.
missing_packages() {
    riscv=$(major_of gcc-riscv64-unknown-elf)
    for p in $packages "libstdc++-${riscv:-12}-dev"; do
        dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"
    done
    [ -n "$(libclang_version)" ] || echo libclang-dev
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
    $as_root apt-get update -qq
    missing=$(missing_packages | tr '\n' ' ') # versions are known now
    echo "installing $missing"
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq $missing >/dev/null
}

# numpy 1.24-1.26: published run.py scripts rely on the integer promotion of numpy 1, which of the versions for
# Python 3.13 only 2.1 still has (src/cli/cs_python.sh); some import scipy, pandas or matplotlib. ctypeslib2 and
# clang, in the version of libclang, are for tests/abi.
make_venv() {
    [ -f build/venv/.stamp ] && [ build/venv/.stamp -nt tests/deps.sh ] && return 0
    python=/usr/bin/python3
    [ -x $python ] || python=python3
    rm -rf build/venv
    echo "making build/venv"
    $python -m venv build/venv
    clang=$(libclang_version)
    build/venv/bin/pip install -q --disable-pip-version-check \
        'numpy>=1.24,<1.27; python_version < "3.13"' 'numpy==2.1.*; python_version >= "3.13"' \
        ctypeslib2 "clang==${clang:-14}.*" scipy pandas matplotlib pillow
    touch build/venv/.stamp
}

case $1 in
    # The check costs a dpkg call per package, so its success is remembered.
    build) [ -f build/.deps ] && [ build/.deps -nt tests/deps.sh ] || { install_packages; mkdir -p build; touch build/.deps; } ;;
    venv) make_venv ;;
esac
