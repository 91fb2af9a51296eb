#!/usr/bin/env bash
# Makes sure that system tools are there: need.sh TOOL…  Installs with apt where it may, else says what to install.
set -euo pipefail

missing=()
for tool in "$@"; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2 && apt-get install -y -q --no-install-recommends "${missing[@]}" >&2 || true
fi

for tool in "${missing[@]}"; do
    if ! command -v "$tool" >/dev/null; then
        echo "missing: ${missing[*]}. Install with: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
done
