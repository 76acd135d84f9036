#!/bin/sh
# install.sh BUILD PREFIX: headers, libraries, tools, run-time data, Python packages, pkg-config file.
set -eu
build=$1 prefix=$2
mkdir -p "$prefix/include" "$prefix/lib/pkgconfig" "$prefix/bin" "$prefix/share/wavetile/python"
cp include/*.h "$prefix/include/"
cp -P "$build"/lib/libwavetile.so* "$build"/lib/libwavetile.a "$prefix/lib/"
cp "$build"/bin/* "$prefix/bin/"
cp -r "$build"/share/wavetile/. "$prefix/share/wavetile/"
(cd python && find . -name '*.py' -exec cp --parents {} "$prefix/share/wavetile/python/" \;)
cat >"$prefix/lib/pkgconfig/wavetile.pc" <<END
prefix=$prefix
Name: wavetile
Description: runs programs for Tenstorrent and Cerebras accelerators
Version: $(sed -n 's/.*WT_VERSION "\(.*\)"/\1/p' include/wavetile.h)
Cflags: -I\${prefix}/include
Libs: -L\${prefix}/lib -lwavetile
END
echo "installed in $prefix"
