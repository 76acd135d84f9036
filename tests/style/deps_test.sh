#!/bin/sh
# tests/deps.sh on machines that lack packages, with doubles of Debian's tools on PATH.
n=0
report() { # a status, and what it was about
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; sed 's/^/# /' "$dir/log"; fi
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" "$dir/tree"
deps=$(pwd)/tests/deps.sh
cd "$dir/tree" || exit 1

double() { printf '#!/bin/sh\n%s\n' "$2" >"$dir/bin/$1" && chmod +x "$dir/bin/$1"; }
# Everything is there, or everything but libelf-dev, qemu-user and the headers for a RISC-V GCC 14.
there='case $2 in
    *Version*) echo 1:14.2.0+19 ;;
    *Package*) echo "libclang-dev unknown ok not-installed"; echo "libclang-19-dev install ok installed" ;;
    *) echo "install ok installed" ;;
esac'
double dpkg-query "case \$3 in libelf-dev|qemu-user|libstdc++-14-dev) exit 1 ;; esac; $there"
double apt-get "echo \"apt-get \$*\" >>$dir/calls"
run() { rm -rf build "$dir/calls"; PATH="$dir/bin:$PATH" sh "$deps" build >"$dir/log" 2>&1; }

double id 'echo 1000'
double sudo 'exit 1'
run
[ $? = 1 ] && grep -q 'sudo apt-get install libelf-dev qemu-user libstdc++-14-dev *$' "$dir/log" && [ ! -e "$dir/calls" ]
report $? "who may not install is told the command to type"
[ ! -e build/.deps ]
report $? "and is told again the next time"

double sudo 'case $1 in -n) exit 0 ;; esac; exec "$@"'
run && grep -q 'apt-get install .*-qq libelf-dev qemu-user libstdc++-14-dev *$' "$dir/calls" && [ -e build/.deps ]
report $? "who may use sudo gets what is missing, and only that"

double id 'echo 0'
double sudo 'exit 1'
run && grep -q 'apt-get install .*-qq libelf-dev qemu-user libstdc++-14-dev *$' "$dir/calls"
report $? "root gets it without sudo"

double apt-get 'exit 100'
run
[ $? != 0 ] && [ ! -e build/.deps ]
report $? "an installation that fails is not remembered as done"

double dpkg-query "$there"
run && [ -e build/.deps ]
report $? "nothing is done where nothing is missing"
echo "1..$n"
