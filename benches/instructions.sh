#!/usr/bin/env bash
# Counts the instructions of whole replays and compares them with benches/instructions.tsv: unlike times
# they hardly depend on the machine, so a stage that has become slower shows in a test.
#   benches/instructions.sh [--write]
# With the compiler and C library of the baseline they must agree within TOLERANCE %, faster or slower; --write makes the
# new figures the baseline. Others make other code: then only a great loss fails.
set -euo pipefail
cd "$(dirname "$0")/.."
TOLERANCE=3
OTHER_COMPILER=25
baseline=benches/instructions.tsv
work=${WORK:-target/instructions}
mkdir -p "$work"
./tools/system-packages.sh valgrind libpcap-dev
cargo build --release --locked --workspace
mw=target/release/minewatch
generator=target/release/minewatch-generator
"$generator" bulk "$work/bulk.pcap" --bytes 60000000
"$generator" flows "$work/flows.pcap" --flows 20000 --packets 150000
"$generator" web "$work/web.pcap" --visits 6000
# What makes the code that is counted.
compiler="rustc $(rustc --version | cut -d' ' -f2), $(ldd --version | awk 'NR == 1 { print "libc " $NF }'), $(uname -m)"

count() { # CAPTURE...: instructions of a replay
  valgrind --tool=callgrind --callgrind-out-file="$work/callgrind.out" --log-file="$work/log" \
    "$mw" replay --threads 1 --format eve --output /dev/null --summary none "$@" >/dev/null
  awk '/Collected/ { print $NF }' "$work/log"
}

declare -A counts
order=(start dialects bulk flows web)
counts[start]=$(count pcaps/server-49.pcap)
counts[dialects]=$(count pcaps)
for input in bulk flows web; do counts[$input]=$(count "$work/$input.pcap"); done

if [ "${1:-}" = --write ]; then
  {
    printf '# Instructions of a replay, by benches/instructions.sh --write\n# compiler: %s\n' "$compiler"
    for input in "${order[@]}"; do printf '%s\t%s\n' "$input" "${counts[$input]}"; done
  } >"$baseline"
  cat "$baseline"
  exit
fi
known=$(sed -n 's/^# compiler: //p' "$baseline")
limit=$TOLERANCE
if [ "$known" != "$compiler" ]; then
  echo "the baseline was made with $known, this is $compiler: only $OTHER_COMPILER % more count as too much"
  limit=$OTHER_COMPILER
fi
failed=0
for input in "${order[@]}"; do
  expected=$(awk -v input="$input" '$1 == input { print $2 }' "$baseline")
  awk -v input="$input" -v a="${counts[$input]}" -v b="${expected:-0}" -v limit="$limit" -v strict="$([ "$known" = "$compiler" ] && echo 1)" 'BEGIN {
    change = b ? (a / b - 1) * 100 : 100
    bad = change > limit || (strict && change < -limit)
    printf "%-9s %14d instructions, %+.1f %% of the baseline%s\n", input, a, change, bad ? "  <-- OUT OF TOLERANCE" : ""
    exit bad }' || failed=1
done
if [ "$failed" = 1 ]; then
  echo "If this is meant, write the new baseline with: make baseline" >&2
  exit 1
fi
