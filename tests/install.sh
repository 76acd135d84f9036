#!/bin/sh
# install.sh BUILD PREFIX [DESTDIR]: headers, libraries, tools, run-time data, Python packages, pkg-config file. Into
# DESTDIR/PREFIX, to be found at PREFIX.
set -eu
build=$1 prefix=$2 to=${3:-}$2
mkdir -p "$to/include" "$to/lib/pkgconfig" "$to/bin" "$to/share/wavetile/python"
cp include/*.h "$to/include/"
cp -P "$build"/lib/libwavetile.so* "$build"/lib/libwavetile.a "$to/lib/"
cp "$build"/bin/* "$to/bin/"
cp -r "$build"/share/wavetile/. "$to/share/wavetile/"
(cd python && find . -name '*.py' -exec cp --parents {} "$to/share/wavetile/python/" \;)
cat >"$to/lib/pkgconfig/wavetile.pc" <<END
prefix=$prefix
Name: wavetile
Description: runs programs for Tenstorrent and Cerebras accelerators
Version: $(sed -n 's/.*WT_VERSION "\(.*\)"/\1/p' include/wavetile.h)
Cflags: -I\${prefix}/include
Libs: -L\${prefix}/lib -lwavetile
Libs.private: -ldw -lelf -lxxhash -lcjson -ldl -lpthread -lm
END
echo "installed in $to"
