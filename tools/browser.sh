#!/bin/sh
# Sees to it that there is a browser for the tests of pages. Without one those tests are skipped and say so; this
# never fails, but with $CI set, where they must run.
set -u
. "$(dirname "$0")/apt.sh"

command -v chromium >/dev/null 2>&1 && command -v chromedriver >/dev/null 2>&1 && exit 0
install chromium chromium-driver && exit 0
echo "No Chromium with its driver was found: the tests of pages are skipped." >&2
echo "On Debian: sudo apt-get install chromium chromium-driver." >&2
[ -z "${CI:-}" ]
