#!/bin/sh
# Sees to it that there is a C++ compiler for the native library. Without one reverie is installed all the same, and
# is slower; so this never fails.
set -u
. "$(dirname "$0")/apt.sh"

for compiler in ${CXX:-} c++ g++ clang++; do
    command -v "$compiler" >/dev/null 2>&1 && exit 0
done
install g++ && exit 0
echo "No C++ compiler was found: reverie is installed without its native library, and dreams several times slower." >&2
echo "On Debian and Ubuntu: sudo apt-get install g++; on a Mac: xcode-select --install. Then make clean and again." >&2
exit 0
