#!/bin/sh
# An installation works from where it lies: C through pkg-config, shared and static, Python, the tools.
n=0
report() { # the status of the last command, and what it was about
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; sed 's/^/# /' "$dir/log"; fi
}
if [ "$WT_BUILD" != build ]; then
    echo "ok 1 - # SKIP programs of users are not instrumented"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
prefix=$dir/opt/wave
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"

sh tests/install.sh build "$prefix" "$dir/package" >"$dir/log" 2>&1 && [ -f "$dir/package$prefix/include/ttm.h" ] &&
    grep -qx "prefix=$prefix" "$dir/package$prefix/lib/pkgconfig/wavetile.pc"
report $? "DESTDIR is where files go, not where they are looked for"

sh tests/install.sh build "$prefix" >"$dir/log" 2>&1
report $? "install"

cp -r examples "$dir/examples"
cd "$dir" || exit 1
cc examples/ttm/loopback.c -o shared $(pkg-config --cflags --libs wavetile) "-Wl,-rpath,$prefix/lib" >log 2>&1 &&
    ./shared >log 2>&1 && grep -q 'came back equal' log
report $? "a C program on the shared library"

cc examples/ttm/loopback.c -o static $(pkg-config --cflags wavetile) "$prefix/lib/libwavetile.a" \
    $(pkg-config --static --libs-only-l wavetile | sed 's/-lwavetile//') >log 2>&1 &&
    WT_SHARE="$prefix/share/wavetile" ./static >log 2>&1 && grep -q 'came back equal' log
report $? "a C program on the static library"

python=$OLDPWD/build/venv/bin/python3
env -u WT_BUILD PYTHONPATH="$prefix/share/wavetile/python" "$python" examples/ttm/loopback.py >log 2>&1 &&
    grep -q 'came back equal' log &&
    env -u WT_BUILD PYTHONPATH="$prefix/share/wavetile/python" "$python" -c \
        "from wavetile import _lib; print(_lib.lib._name)" >log 2>&1 && grep -qx "$prefix/lib/libwavetile.so.0" log
report $? "Python on the installed library"

[ "$("$prefix/bin/wavetile" --version)" = "wavetile $(pkg-config --modversion wavetile)" ] 2>log
report $? "tools and pkg-config agree on the version"
echo "1..$n"
