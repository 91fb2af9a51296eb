#!/usr/bin/env bash
# Debian splits ensurepip off into python3-venv: installs it with apt where it may, else says so.
set -euo pipefail

python=${1:-python3}
package="$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2 && apt-get install -y -q --no-install-recommends "$package" >&2 || true
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    echo "$python cannot make virtual environments: ensurepip is missing. Install with: sudo apt-get install $package" >&2
    exit 1
}
