#!/usr/bin/env bash
# Compares minewatch with its peers and with itself, interleaved, and prints a table of ratios.
#   benches/compare.sh [MIX.pcap]
# MIX is a mixed capture of about a gigabyte, best of real traffic; without it that row is left out.
# The other inputs are generated. RUNS=5 and WORK=target/compare can be set.
set -euo pipefail
cd "$(dirname "$0")/.."
mix=${1:-}
runs=${RUNS:-5}
work=${WORK:-target/compare}
mkdir -p "$work"
./tools/system-packages.sh tcpdump time
./tools/system-packages.sh libndpi-bin || echo "ndpiReader cannot be installed here: its rows are left out" >&2
command -v suricata >/dev/null ||
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q -t "$(. /etc/os-release && echo "$VERSION_CODENAME")-backports" \
    suricata >/dev/null 2>&1 || echo "Suricata is not in a backports suite here: its rows are left out" >&2
cargo build --release --locked --workspace
mw=target/release/minewatch
generator=target/release/minewatch-generator

make() { # FILE COMMAND...: unless it is there
  [ -s "$work/$1" ] || { "${@:2}" "$work/$1.part" && mv "$work/$1.part" "$work/$1"; }
}
flows() { "$generator" flows "${!#}" --flows "$1" --packets "$2"; }
make bulk.pcap "$generator" bulk
make flows-10k.pcap flows 10000 8000000
make flows-100k.pcap flows 100000 8000000
make flows-1m.pcap flows 1000000 8000000
# The opening of the same flows, to tell it from what a packet of an open flow costs.
make open-10k.pcap flows 10000 50000
make open-1m.pcap flows 1000000 5000000
if [ ! -s "$work/indicators.txt" ]; then
  awk 'BEGIN { for (i = 0; i < 1000000; i++) {
    printf "pool%d.example%d.net\n", i, i % 5000
    printf "%d.%d.%d.%d\n", 100 + i % 7, int(i / 65536) % 256, int(i / 256) % 256, i % 256 } }' \
    >"$work/indicators.txt"
fi
cat "${mix:-$work/bulk.pcap}" "$work"/*.pcap >/dev/null # into the page cache

# measure NAME COMMAND...: appends "cpu wall rss" of one run to a file of that name.
measure() {
  local name=$1
  shift
  /usr/bin/time -o "$work/$name.times" -a -f '%U %S %e %M' "$@" >/dev/null 2>"$work/$name.err" ||
    { cat "$work/$name.err" >&2; exit 1; }
}
# median NAME cpu|wall|rss
median() {
  awk -v what="$2" '{ print what == "cpu" ? $1 + $2 : what == "wall" ? $3 : $4 / 1024 }' "$work/$1.times" |
    sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
row() { printf '| %s | %s | %s |\n' "$1" "$2" "$3"; }
rm -f "$work"/*.times

run() { echo "$mw replay --format eve --output /dev/null --summary none $*"; }
for _ in $(seq "$runs"); do
  for input in ${mix:+mix} bulk; do
    file=$work/$input.pcap
    [ "$input" = mix ] && file=$mix
    measure "$input-1" $(run --threads 1 "$file")
    measure "$input-tcpdump" tcpdump -r "$file" -w /dev/null
    measure "$input-2" $(run --threads 2 "$file")
  done
  for input in flows-10k flows-100k flows-1m open-10k open-1m; do
    measure "$input" $(run "$work/$input.pcap")
  done
  measure indicators $(run --intel "$work/indicators.txt" "$work/flows-1m.pcap")
  measure start $(run pcaps/server-49.pcap)
  measure start-indicators $(run --intel "$work/indicators.txt" pcaps/server-49.pcap)
done
if [ -n "$mix" ]; then
  if command -v ndpiReader >/dev/null; then measure ndpi ndpiReader -i "$mix" -q; fi
  if command -v suricata >/dev/null; then
    mkdir -p "$work/suricata"
    echo 'alert tcp any any -> any any (msg:"stratum"; content:"mining."; sid:1000001;)' >"$work/suricata.rules"
    for mode in single autofp; do
      measure "suricata-$mode" suricata -r "$mix" --runmode "$mode" -l "$work/suricata" -S "$work/suricata.rules" -k none \
        --set outputs.1.eve-log.enabled=no --set stats.enabled=no
    done
  fi
fi

echo "minewatch $("$mw" --version | cut -d' ' -f2), $(nproc) cores, $(date -u +%F), median of $runs runs"
echo
row figure value goal
row --- --- ---
for input in ${mix:+mix} bulk; do
  goal=$([ "$input" = mix ] && echo 'at most 0.8' || echo 'at most 0.6')
  row "CPU ÷ tcpdump, $input" "$(ratio "$(median "$input-1" cpu)" "$(median "$input-tcpdump" cpu)")" "$goal"
  row "wall 2 threads ÷ 1, $input" "$(ratio "$(median "$input-2" wall)" "$(median "$input-1" wall)")" 'at most 0.6'
done
if [ -s "$work/suricata-single.times" ]; then
  # Each in the mode that is best for the figure: one thread takes the least CPU, several the least time.
  row 'Suricata ÷ minewatch, CPU, one thread' "$(ratio "$(median suricata-single cpu)" "$(median mix-1 cpu)")" 'at least 10'
  fastest=$(printf '%s\n' "$(median suricata-single wall)" "$(median suricata-autofp wall)" | sort -n | head -1)
  row 'Suricata ÷ minewatch, wall, each in its fastest mode' "$(ratio "$fastest" "$(median mix-2 wall)")" 'at least 10'
fi
if [ -s "$work/ndpi.times" ]; then
  row 'ndpiReader ÷ minewatch, CPU' "$(ratio "$(median ndpi cpu)" "$(median mix-1 cpu)")" 'at least 15'
fi
few=$(awk -v a="$(median flows-10k cpu)" -v b="$(median open-10k cpu)" 'BEGIN { print (a - b) / 7.95 }')
many=$(awk -v a="$(median flows-1m cpu)" -v b="$(median open-1m cpu)" 'BEGIN { print (a - b) / 3 }')
row 'CPU a packet with 1 M open flows ÷ 10 k' "$(ratio "$many" "$few")" 'at most 2.0'
indicated=$(awk -v a="$(median indicators cpu)" -v b="$(median start-indicators cpu)" -v c="$(median start cpu)" \
  'BEGIN { print a - b + c }')
row 'CPU with 2 M indicators ÷ shipped, loading apart' "$(ratio "$indicated" "$(median flows-1m cpu)")" 'at most 1.15'
row 'peak RSS, 100 k flows' "$(median flows-100k rss) MB" 'at most 60 MB'
row 'peak RSS, 1 M flows' "$(median flows-1m rss) MB" 'at most 250 MB'
row 'peak RSS, 1 M flows and 2 M indicators' "$(median indicators rss) MB" 'at most 400 MB'
row 'start to end of a small capture' "$(median start wall) s" 'at most 0.05 s'
row 'the same with 2 M indicators' "$(median start-indicators wall) s" 'at most 1.5 s'
