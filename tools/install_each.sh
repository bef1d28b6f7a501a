#!/bin/sh
# Installs the packages of the file $2 with the Python $1, without what they ask for. All at once if that goes, else
# one by one, saying which cannot be had: what needs them will then be missing, and the rest be there.
set -u

python=$1
file=$2
pip="$python -m pip install --disable-pip-version-check -q --no-deps"

$pip -r "$file" && exit 0
grep -v '^ *#' "$file" | while read -r package; do
    [ -z "$package" ] || $pip "$package" || echo "$package could not be installed." >&2
done
exit 0
