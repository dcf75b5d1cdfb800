#!/usr/bin/env bash
# Writes docs/ACCURACY.md: minewatch against the truth, and beside nDPI and Suricata 7.
#   MINEWATCH, GENERATOR  binaries to measure (the release ones)
#   CAPTURES              folder with mining/ and benign/ (../shared/captures)
set -euo pipefail
cd "$(dirname "$0")/../.."
peer() { # PACKAGE COMMAND [OPTION...]: a peer that is missing is left out, with a word
  local package=$1 command=$2
  shift 2
  command -v "$command" >/dev/null && return
  if ! { command -v apt-get && [ "$(id -u)" -eq 0 ]; } >/dev/null ||
    ! DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" "$package" >/dev/null 2>&1; then
    echo "$package can not be installed here (Suricata 7 comes from Debian's backports): left out" >&2
  fi
}
peer libndpi-bin ndpiReader
peer suricata suricata -t bookworm-backports
exec tools/accuracy/measure.py "${MINEWATCH:-target/release/minewatch}" "${GENERATOR:-target/release/minewatch-generator}" \
  docs/ACCURACY.md "${CAPTURES:-../shared/captures}"
