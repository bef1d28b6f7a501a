#!/bin/sh
# Makes a virtual environment in the folder $1 with a Python of version 3.11 or newer ($PYTHON, if it is set).
# What Debian and Ubuntu keep in a package of its own is installed when that is allowed, and named when it is not.
set -u
. "$(dirname "$0")/apt.sh"

venv=$1

find_python() {
    for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return 0
        fi
    done
    return 1
}

python=$(find_python) || {
    install python3 python3-venv && python=$(find_python) || {
        echo "Python 3.11 or newer is needed. On Debian and Ubuntu: sudo apt-get install python3 python3-venv." >&2
        echo "Where it has another name: make PYTHON=python3.12 ..." >&2
        exit 1
    }
}

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    install python3-venv || {
        echo "$python cannot make virtual environments. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2
        exit 1
    }
fi
rm -rf "$venv"
"$python" -m venv "$venv"
