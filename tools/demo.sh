#!/usr/bin/env bash
# Shows the main job on three captures of samples/: a takeover, the same with another kind of client, a healthy client.
set -euo pipefail
cd "$(dirname "$0")/.."

show() {
    printf '\n$ nfsanalyze'
    printf ' %s' "$@"
    printf '\n\n'
    .venv/bin/nfsanalyze "$@"
}

show scan samples/01-v40-nonucs-takeover.pcap
show scan samples/02-v40-ucs-takeover.pcapng
show scan samples/04c-v41-multihomed.pcap
