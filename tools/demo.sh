#!/usr/bin/env bash
# Replays the sample captures: each one's story, its alerts and the summary.
set -euo pipefail
cd "$(dirname "$0")/.."
for capture in pcaps/server-49.pcap pcaps/watchdogs.pcap; do
  printf '\n== %s\n' "$capture"
  fold -s -w 100 "${capture%.pcap}.txt"
  printf '\n$ minewatch replay %s\n' "$capture"
  target/release/minewatch replay "$capture"
done
