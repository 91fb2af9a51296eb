#!/usr/bin/env bash
# Makes .venv with the package (editable) and its development tools at the versions of constraints.txt.
# Does nothing when pyproject.toml and constraints.txt are as they were at the last success. PYTHON names another interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
command -v "$python" >/dev/null || { echo "no $python: install Python 3.11 or later" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$("$python" --version) is too old: nfsanalyze needs Python 3.11 or later (PYTHON=python3.12 make … chooses another)" >&2
    exit 1
}

wanted=$("$python" - <<'END'
import hashlib, pathlib, sys
parts = [pathlib.Path(name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
print(hashlib.sha256(b"\0".join([sys.version.encode(), str(pathlib.Path.cwd()).encode(), *parts])).hexdigest())
END
)
# Where the environment forbids Python to keep bytecode, every start would compile our modules anew. pip does the same
# for what it installs.
compiled() {
    .venv/bin/python -m compileall -qq nfsanalyze dissect || true  # what does not compile is for lint to tell
}

if [ -x .venv/bin/nfsanalyze ] && [ "$(cat .venv/.complete 2>/dev/null)" = "$wanted" ]; then
    compiled
    exit 0
fi

rm -rf .venv
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    bash tools/need_venv.sh "$python"
fi
"$python" -m venv .venv
export PIP_DISABLE_PIP_VERSION_CHECK=1
.venv/bin/python -m pip install -q -c constraints.txt hatchling
.venv/bin/python -m pip install -q -c constraints.txt --no-build-isolation -e '.[dev]'
compiled
echo "$wanted" >.venv/.complete
