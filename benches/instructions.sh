#!/usr/bin/env bash
# Counts the instructions of whole replays and holds them against benches/reference.tsv, or another commit.
#   benches/instructions.sh [--against REVISION | --freeze]
# Unlike times, instructions hardly depend on the machine, so a stage that became slower fails a test.
# Each input has its own limit in the reference: so many percent more fail. A faster replay never fails.
#   --against REVISION   builds that commit beside this one and prints the difference; nothing fails
#   --freeze             writes a new reference. All work is measured against the one that is committed:
#                        freeze only an input that changed, and say why in the commit.
# Another compiler or C library makes other code: then only OTHER_COMPILER % more fail.
set -euo pipefail
cd "$(dirname "$0")/.."
OTHER_COMPILER=25
reference=benches/reference.tsv
work=$(mkdir -p "${WORK:-target/instructions}" && cd "${WORK:-target/instructions}" && pwd)
./tools/system-packages.sh valgrind libpcap-dev
cargo build --release --locked --package minewatch
cargo build --release --locked --package minewatch-generator
generator=target/release/minewatch-generator
"$generator" bulk "$work/bulk.pcap" --bytes 60000000
"$generator" flows "$work/flows.pcap" --flows 20000 --packets 150000
"$generator" web "$work/web.pcap" --visits 6000
compiler="rustc $(rustc --version | cut -d' ' -f2), $(ldd --version | awk 'NR == 1 { print "libc " $NF }'), $(uname -m)"

inputs=(start dialects bulk flows web)
# A sample that is added later does not change what is counted.
samples=(aeternity alephium bitcoin browser conflux equihash eth-getwork eth-proxy eth-stratum-1 eth-stratum-2 getblocktemplate
  getwork grin ironfish kaspa kawpow monero monero-hybrid monero-self-select monero-stak monerod nimiq p2pool server-49
  stratum-v2 stratum-v2-noise tari watchdogs webminerpool)
files() { # INPUT: the captures it replays
  case $1 in
    start) echo pcaps/server-49.pcap ;;
    dialects) printf 'pcaps/%s.pcap\n' "${samples[@]}" ;;
    *) echo "$work/$1.pcap" ;;
  esac
}
bytes() { # INPUT: the size of its captures, to tell a changed input from changed code
  files "$1" | xargs cat | wc -c
}
count() { # BINARY INPUT: instructions of its replay
  files "$2" | xargs valgrind --tool=callgrind --callgrind-out-file="$work/callgrind.out" --log-file="$work/log" \
    "$1" replay --threads 1 --format eve --output /dev/null --summary none >/dev/null
  awk '/Collected/ { print $NF }' "$work/log"
}

case ${1:-} in
  --freeze)
    {
      echo '# Instructions of whole replays, frozen; see benches/instructions.sh'
      echo "# compiler: $compiler"
      echo '# input	instructions	limit in percent	bytes of its captures'
      for input in "${inputs[@]}"; do
        case $input in bulk | flows) limit=0.5 ;; *) limit=5 ;; esac
        printf '%s\t%s\t%s\t%s\n' "$input" "$(count target/release/minewatch "$input")" "$limit" "$(bytes "$input")"
      done
    } >"$work/reference.tsv"
    mv "$work/reference.tsv" "$reference"
    cat "$reference"
    ;;
  --against)
    other=$work/other
    rm -rf "$other" && git worktree prune && git worktree add --quiet --detach "$other" "$2"
    trap 'git worktree remove --force "$other"' EXIT
    (cd "$other" && CARGO_TARGET_DIR="$work/other-target" cargo build --release --locked --package minewatch)
    for input in "${inputs[@]}"; do
      printf '%s\t%s\t%s\n' "$input" "$(count target/release/minewatch "$input")" \
        "$(count "$work/other-target/release/minewatch" "$input")" |
        awk '{ printf "%-9s %14d instructions, %+.2f %% of the other commit\n", $1, $2, ($2 / $3 - 1) * 100 }'
    done
    ;;
  '')
    known=$(sed -n 's/^# compiler: //p' "$reference")
    [ "$known" = "$compiler" ] ||
      echo "the reference was made with $known, this is $compiler: only $OTHER_COMPILER % more count as too much"
    failed=0
    for input in "${inputs[@]}"; do
      IFS=$'\t' read -r _ expected limit size < <(grep "^$input	" "$reference")
      [ "$known" = "$compiler" ] || limit=$OTHER_COMPILER
      if [ "$size" != "$(bytes "$input")" ]; then
        echo "$input: its captures have $(bytes "$input") bytes, the reference's had $size: freeze this input anew" >&2
        failed=1
        continue
      fi
      awk -v input="$input" -v a="$(count target/release/minewatch "$input")" -v b="$expected" -v limit="$limit" 'BEGIN {
        change = (a / b - 1) * 100
        bad = change > limit + 0
        printf "%-9s %14d instructions, %+.2f %% of the reference (at most +%s)%s\n",
          input, a, change, limit, bad ? "  <-- TOO MANY" : ""
        exit bad }' || failed=1
    done
    exit "$failed"
    ;;
  *)
    echo "usage: benches/instructions.sh [--against REVISION | --freeze]" >&2
    exit 2
    ;;
esac
