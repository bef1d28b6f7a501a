#!/bin/sh
# Sees to it that there is an ffprobe for the tests that ask a second program what a film is. Without one those tests
# are skipped and say so; this never fails, but with $CI set, where they must run.
set -u
. "$(dirname "$0")/apt.sh"

command -v ffprobe >/dev/null 2>&1 && exit 0
install ffmpeg && exit 0
echo "No ffprobe was found: the tests that compare with it are skipped." >&2
echo "On Debian: sudo apt-get install ffmpeg." >&2
[ -z "${CI:-}" ]
