#!/usr/bin/env python3
"""Compares what minewatch extracts with what tshark extracts, capture by capture.

For each capture, everything that tshark finds must be in the events of minewatch: the names in DNS
queries (port 53), the server names (SNI) and JA3 of TLS and QUIC, and the Community IDs of the packets
that show one of these. explained.tsv (beside this file) says why a difference is right; its rows are a
pattern for the end of the capture's path, the kind, a pattern for the whole value, and the reason, with
tabs between them. Captures that tshark can not read, or not within the time limit, are counted, not compared.

Exit code: 0 if every difference is explained; 1 if one is not, minewatch failed, or nothing was compared; 2
for wrong usage (no tshark, no binary, no captures, a broken explained.tsv).
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ("dns", "tls", "quic", "ja3", "community_id")
CAPTURE = re.compile(r"\.(pcap|pcapng|cap|dmp)(\.(gz|zst|lz4))?$")
FIELDS = ("frame.number", "frame.protocols", "dns.qry.name", "tls.handshake.extensions_server_name",
          "tls.handshake.ja3", "communityid", "udp.port", "tcp.port")
FILTER = ("((udp.port == 53 || tcp.port == 53) && dns.qry.name && !mdns) || "
          "tls.handshake.extensions_server_name || tls.handshake.ja3")
# Between the values of one field.
BETWEEN = "\x01"


def normal(name):
    """Both sides write bytes outside printable ASCII in their own way: compare without them."""
    name = re.sub(r"\\\d{3}|\\x[0-9a-f]{2}|\\.|[^\x21-\x7e]|<.*?>", "", name.lower()).rstrip(".")
    return re.sub(r"[\\\ufffd]", "", name)


class NoAnswer(Exception):
    """A program that said nothing that can be compared."""


def run(command, limit):
    try:
        return subprocess.run(command, capture_output=True, timeout=limit)
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"no answer within {limit} s") from None


def last_line(output):
    return (output.decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1]


def tshark(path, limit):
    """What tshark finds: for each kind its values, and the first frame that shows each."""
    command = ["tshark", "-n", "-r", path, "-Y", FILTER, "-T", "fields", "-E", "separator=/t",
               "-E", "occurrence=a", "-E", f"aggregator={BETWEEN}", "--enable-protocol", "communityid",
               "-o", "tcp.reassemble_out_of_order:TRUE", "-o", "tcp.desegment_tcp_streams:TRUE"]
    for field in FIELDS:
        command += ["-e", field]
    done = run(command, limit)
    found = {kind: {} for kind in KINDS}
    rows = done.stdout.decode("utf-8", "replace").split("\n")
    # A capture that ends in the middle of a packet makes tshark fail with all that came before.
    if done.returncode and len(rows) < 2 and b"cut short" not in done.stderr:
        raise NoAnswer(f"tshark: {last_line(done.stderr)}")
    for line in rows:
        columns = line.split("\t")
        if len(columns) != len(FIELDS):
            continue
        row = {field: column.split(BETWEEN) if column else [] for field, column in zip(FIELDS, columns)}
        frame = f"frame {row['frame.number'][0]}, {row['frame.protocols'][0]}"

        def add(kind, values):
            for value in values:
                found[kind].setdefault(value, frame)

        protocols = row["frame.protocols"][0].split(":")
        of_dns = "53" in row["udp.port"] + row["tcp.port"] and "dns" in protocols
        of_tls = "dtls" not in protocols
        if of_dns:
            add("dns", map(normal, row["dns.qry.name"]))
        if of_tls:
            names = row["tls.handshake.extensions_server_name"]
            add("quic" if "quic" in protocols else "tls", map(normal, names))
            add("ja3", row["tls.handshake.ja3"])
        if of_dns or of_tls:
            # In a tunnel tshark prints one for each layer; ours is the innermost.
            add("community_id", row["communityid"][-1:])
    for values in found.values():
        values.pop("", None)
    return found


def minewatch(binary, path, limit):
    """What minewatch finds: for each kind the set of values."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        done = run([binary, "replay", "--events", "dns,tls,quic", "--summary", "none", "--output", out.name, path],
                   limit)
        if done.returncode not in (0, 3):  # 3: a capture was damaged
            raise NoAnswer(f"minewatch, exit code {done.returncode}: {last_line(done.stderr)}")
        found = {kind: set() for kind in KINDS}
        for line in open(out.name, encoding="utf-8"):
            try:
                event = json.loads(line)
            except ValueError:
                raise NoAnswer(f"minewatch wrote what is not JSON: {line[:80]}") from None
            kind = event["event_type"]
            body = event.get(kind, {})
            if kind == "dns":
                names = [body.get("rrname", "")] + [query.get("rrname", "") for query in body.get("queries", [])]
                found["dns"] |= {normal(name) for name in names}
            elif kind in ("tls", "quic"):
                if "sni" in body:
                    found[kind].add(normal(body["sni"]))
                if "ja3" in body:
                    found["ja3"].add(body["ja3"]["hash"])
            if "community_id" in event:
                found["community_id"].add(event["community_id"])
        return found


@dataclasses.dataclass
class Explanation:
    capture: re.Pattern
    kind: str
    value: re.Pattern
    reason: str
    used: int = 0

    def covers(self, path, kind, value):
        return self.kind == kind and self.capture.search(path) and self.value.fullmatch(value)


def explanations():
    path = os.path.join(HERE, "explained.tsv")
    rows = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        if line.strip() and not line.startswith("#"):
            columns = line.rstrip("\n").split("\t")
            if len(columns) != 4 or columns[1] not in KINDS:
                raise ValueError(f"{path}, line {number}: not a pattern, one of {KINDS}, a pattern and a reason")
            capture, kind, value, reason = columns
            rows.append(Explanation(re.compile(f"/(?:{capture})$"), kind, re.compile(value), reason))
    return rows


def captures(paths, every):
    found = []
    for path in paths:
        if os.path.isdir(path):
            for folder, _, files in os.walk(path):
                found += [os.path.join(folder, name) for name in files if CAPTURE.search(name)]
        else:
            found.append(path)
    return sorted(map(os.path.abspath, found))[::every]


def remembered(folder, path, ask):
    """What `ask` answers, kept in `folder` if there is one."""
    if folder is None:
        return ask()
    os.makedirs(folder, exist_ok=True)
    kept = os.path.join(folder, hashlib.sha256(path.encode()).hexdigest() + ".json")
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as file:
            return json.load(file)
    answer = ask()
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
        json.dump(answer, file)
    os.replace(file.name, kept)
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", metavar="CAPTURE_OR_FOLDER")
    parser.add_argument("--binary", default=os.path.join(HERE, "../../target/release/minewatch"))
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take each N-th capture only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--limit", type=int, default=300, metavar="SECONDS", help="for one program and one capture")
    parser.add_argument("--remember", metavar="FOLDER",
                        help="keep tshark's answers here and use those that are there; it is the slow one")
    parser.add_argument("--explained", action="store_true", help="show the explained differences, too")
    options = parser.parse_args()

    paths = captures(options.paths, options.every)
    try:
        rows = explanations()
    except (ValueError, re.error) as trouble:
        parser.error(str(trouble))
    if not paths or not all(map(os.path.exists, paths)):
        parser.error("no such captures")
    if not shutil.which("tshark") or not shutil.which(options.binary):
        parser.error(f"tshark and {options.binary} are both needed")

    def compare(path):
        """Both answers, or what went wrong and whether it is our fault."""
        try:
            theirs = remembered(options.remember, path, lambda: tshark(path, options.limit))
        except NoAnswer as trouble:
            return path, None, None, ("skipped", str(trouble))
        try:
            return path, theirs, minewatch(options.binary, path, options.limit), None
        except NoAnswer as trouble:
            return path, None, None, ("FAILED", str(trouble))

    outcomes = collections.Counter()
    found, explained, missing = (collections.Counter() for _ in range(3))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for path, theirs, ours, trouble in pool.map(compare, paths):
            if trouble:
                print(trouble[0], path, trouble[1], sep="\t", flush=True)
                outcomes[trouble[0]] += 1
                continue
            outcomes["compared"] += 1
            for kind in KINDS:
                found[kind] += len(theirs[kind])
                for value in sorted(set(theirs[kind]) - ours[kind]):
                    row = next((row for row in rows if row.covers(path, kind, value)), None)
                    if row is None:
                        missing[kind] += 1
                        print("MISSING", path, kind, value, theirs[kind][value], sep="\t", flush=True)
                    else:
                        row.used += 1
                        explained[kind] += 1
                        if options.explained:
                            print("explained", path, kind, value, row.reason, sep="\t", flush=True)

    print(f"\n{'kind':<14}{'tshark found':>14}{'explained':>12}{'not explained':>15}")
    for kind in KINDS:
        print(f"{kind:<14}{found[kind]:>14}{explained[kind]:>12}{missing[kind]:>15}")
    print(f"\n{outcomes['compared']} captures compared, {outcomes['skipped']} skipped because of tshark, "
          f"{outcomes['FAILED']} failed")
    by_reason = collections.Counter()
    for row in rows:
        by_reason[row.reason] += row.used
    for reason, count in by_reason.most_common():
        if count:
            print(f"{count:>6}  {reason}")
    print(f"{explained.total()} differences explained, {missing.total()} not explained")
    sys.exit(1 if missing or outcomes["FAILED"] or not outcomes["compared"] else 0)


if __name__ == "__main__":
    main()
