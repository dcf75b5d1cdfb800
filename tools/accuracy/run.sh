#!/usr/bin/env bash
# Writes docs/ACCURACY.md: minewatch against the truth, and beside nDPI 4, nDPI 5 and Suricata 7. A
# peer that cannot be had here is left out, with a word.
#   MINEWATCH, GENERATOR  binaries to measure (the release ones)
#   CAPTURES              folder with mining/ and benign/ (../shared/captures)
set -euo pipefail
cd "$(dirname "$0")/../.."

without() { printf '%s\n' "$@" >&2; }

may_install() { command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; }

install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1; }

ndpi4() {
  command -v ndpiReader >/dev/null && return
  may_install && install libndpi-bin || without "libndpi-bin cannot be installed here: nDPI 4 is left out"
}

suricata7() {
  command -v suricata >/dev/null && return
  if ! may_install; then
    without "Suricata cannot be installed here (no apt-get, or not root): left out"
    return
  fi
  local release candidate
  release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  candidate=$(apt-cache policy suricata | sed -n 's/ *Candidate: //p')
  # Debian 12 has version 6, its backports have 7.
  if dpkg --compare-versions "${candidate:-0}" ge 1:7; then
    install suricata || without "Suricata cannot be installed: left out"
  elif apt-cache policy | grep "n=$release-backports," >/dev/null; then
    install -t "$release-backports" suricata || without "Suricata cannot be installed from $release-backports: left out"
  else
    without "Suricata 7 is in $release-backports, which no apt source has: left out. Add the line" \
      "    deb MIRROR $release-backports main" \
      "to /etc/apt/sources.list, with MIRROR as in the lines that are there, and run apt-get update."
  fi
}

# nfstream brings nDPI 5, which Debian does not have.
ndpi5() {
  local venv=target/accuracy/venv
  if ! "$venv/bin/python" -c 'import nfstream' 2>/dev/null; then
    if ! { python3 -m venv --clear "$venv" && "$venv/bin/pip" install -q nfstream==6.6.0; } >/dev/null 2>&1; then
      without "nfstream cannot be installed here (python3-venv, pip): nDPI 5 is left out"
      return
    fi
  fi
  export NFSTREAM_PYTHON=$venv/bin/python
}

ndpi4
ndpi5
suricata7
exec tools/accuracy/measure.py "${MINEWATCH:-target/release/minewatch}" "${GENERATOR:-target/release/minewatch-generator}" \
  docs/ACCURACY.md "${CAPTURES:-../shared/captures}"
