#!/usr/bin/env bash
# Measures live capture on a virtual cable: the highest packet rate without loss beside tcpdump's, and the
# time from packet to alert.
#   benches/live.sh CAPTURE.pcap
# CAPTURE is mixed traffic; its first packets are played again and again. Sensor and player have a core
# each. Needs root for a network namespace; RATES="100000 200000" and SECONDS_EACH=5 can be set.
set -euo pipefail
cd "$(dirname "$0")/.."
capture=${1:?usage: benches/live.sh CAPTURE.pcap}
rates=${RATES:-50000 100000 150000 200000 300000 400000 500000 600000 800000 1000000}
seconds=${SECONDS_EACH:-5}
work=${WORK:-target/live}
if [ "${INSIDE:-}" != 1 ]; then
  ./tools/system-packages.sh tcpdump tcpreplay iproute2 libpcap-dev
  cargo build --release --locked
  mkdir -p "$work"
  # 64 KiB of snap length would be lost on the cable: packets that offloading has merged are left out.
  tcpdump -r "$capture" -c 400000 -w "$work/mix.pcap" 'less 1514' 2>/dev/null
  INSIDE=1 exec unshare --net "$0" "$(realpath "$capture")"
fi
ip link add out0 type veth peer name in0
for interface in out0 in0 lo; do
  ip link set "$interface" mtu 65535 up 2>/dev/null || ip link set "$interface" up
done
mw=target/release/minewatch

play() { # FILE OPTIONS...: prints the rate that was reached
  taskset -c 0 tcpreplay --intf1 out0 --quiet --preload-pcap "${@:2}" "$1" 2>/dev/null |
    awk '/pps/ { for (i = 1; i < NF; i++) if ($(i + 1) ~ /^pps/) print int($i) }' | tail -1
}
# watch minewatch|tcpdump RATE: prints "rate lost".
watch() {
  if [ "$1" = minewatch ]; then
    taskset -c 1 "$mw" run -i in0 -j 1 -o /dev/null --summary json 2>"$work/told" &
  else
    taskset -c 1 tcpdump -i in0 -n -w /dev/null -B 65536 2>"$work/told" &
  fi
  local sensor=$! loops reached
  sleep 1
  loops=$(awk -v rate="$2" -v seconds="$seconds" 'BEGIN { n = int(rate * seconds / 400000); print n < 1 ? 1 : n }')
  reached=$(play "$work/mix.pcap" --pps "$2" --loop "$loops")
  sleep 1
  kill -INT "$sensor"
  wait "$sensor" || true
  if [ "$1" = minewatch ]; then
    lost=$(grep -o '"kernel_drops":[0-9]*' "$work/told" | head -1 | cut -d: -f2)
  else
    lost=$(awk '/dropped by kernel/ { print $1 }' "$work/told")
  fi
  echo "${reached:-0} ${lost:-0}"
}

declare -A best
for rate in $rates; do
  for sensor in tcpdump minewatch; do
    read -r reached lost < <(watch "$sensor" "$rate")
    echo "$sensor: $reached packets/s asked $rate, lost $lost" >&2
    if [ "$lost" -eq 0 ] && [ "$reached" -gt "${best[$sensor]:-0}" ]; then best[$sensor]=$reached; fi
  done
done

taskset -c 1 "$mw" run -i in0 -j 1 -o /dev/null --summary json 2>"$work/told" &
sensor=$!
sleep 1
for file in pcaps/*.pcap; do play "$file" --pps 2000 >/dev/null; done
sleep 1
kill -INT "$sensor"
wait "$sensor" || true
latency=$(grep -o '"latency":{[^}]*}' "$work/told" | head -1)
value() { grep -o "\"$1\":[0-9.]*" <<<"$latency" | cut -d: -f2; }

printf '| %s | %s | %s |\n' figure value goal --- --- --- \
  'highest rate without loss, minewatch' "${best[minewatch]:-0} packets/s" '' \
  'highest rate without loss, tcpdump' "${best[tcpdump]:-0} packets/s" '' \
  'minewatch ÷ tcpdump' "$(awk -v a="${best[minewatch]:-0}" -v b="${best[tcpdump]:-1}" 'BEGIN { printf "%.2f", a / b }')" 'at least 1.0' \
  "packet to alert, median of $(value alerts) alerts" "$(value p50_ms) ms" 'at most 5 ms' \
  'packet to alert, 99 %' "$(value p99_ms) ms" 'at most 50 ms'
