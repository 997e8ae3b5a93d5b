#!/usr/bin/env bash
# Prints the path of the Python that the project's environment is built with: $PYTHON, else the first of 3.12, 3.11
# (both have a wheel of the independent FROST implementation that the tests compare with), 3.13 and plain python3 that
# runs and is 3.11 to 3.13.
set -euo pipefail

usable() { # is $1 a Python 3.11 to 3.13? (a shim may exist and still run nothing)
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

if [ -n "${PYTHON:-}" ]; then
    if ! usable "$PYTHON"; then
        echo "make: PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13; name one, or unset PYTHON" >&2
        exit 1
    fi
    candidates=$PYTHON
else
    candidates="python3.12 python3.11 python3.13 python3"
fi
for python in $candidates; do
    if usable "$python"; then
        # What a shim or a virtual environment stands for.
        exec "$python" -c 'import sys; print(getattr(sys, "_base_executable", "") or sys.executable)'
    fi
done
echo "make: Python 3.11, 3.12 or 3.13 is missing on PATH: install one (Debian: apt install python3.11 python3.11-venv;" \
    "macOS: brew install python@3.12), or name one with PYTHON=/path/to/python" >&2
exit 1
