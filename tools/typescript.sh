#!/bin/sh
# Sees to it that there is a TypeScript compiler for the types of the studio's page, in the environment that is named.
# Without npm that test is skipped and says so; this never fails, but with $CI set, where it must run.
set -u
VERSION=7.0.2
home="${1:-.venv}/typescript"

[ -x "$home/node_modules/.bin/tsc" ] && [ "$(cat "$home/version" 2>/dev/null)" = "$VERSION" ] && exit 0
if command -v npm >/dev/null 2>&1 && mkdir -p "$home" &&
    npm install --silent --no-audit --no-fund --no-save --prefix "$home" "typescript@$VERSION" >/dev/null 2>&1; then
    echo "$VERSION" > "$home/version"
    exit 0
fi
echo "No TypeScript was installed (npm is needed): the types of the studio's page are not checked." >&2
[ -z "${CI:-}" ]
