#!/usr/bin/env python3
"""Compares what minewatch extracts with what tshark extracts, capture by capture.

    tests/oracle/tshark.py [--binary target/release/minewatch] [--every N] CAPTURE_OR_FOLDER...

For each capture: the sets of DNS query names (port 53), TLS SNI and QUIC SNI that tshark finds must be
contained in the events of minewatch, and JA3 and Community ID must agree wherever tshark prints them.
Differences that explained.tsv (beside this file) accounts for are printed with their reason; any other
makes the script fail. `--every N` takes each N-th capture of a folder, for a quick look.
"""
import argparse, concurrent.futures, json, os, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FIELDS = ["frame.protocols", "dns.qry.name", "tls.handshake.extensions_server_name", "tls.handshake.ja3",
          "communityid", "udp.port", "tcp.port", "udp.stream", "tcp.stream"]
FILTER = ("((udp.port == 53 || tcp.port == 53) && dns.qry.name && !mdns) || "
          "tls.handshake.extensions_server_name || tls.handshake.ja3")


def normal(name):
    """Both sides write bytes outside printable ASCII in their own way: compare without them."""
    name = re.sub(r"\\\d{3}|\\x[0-9a-f]{2}|\\.|[^\x21-\x7e]|<.*?>", "", name.lower()).rstrip(".")
    return name.replace("\ufffd", "")


def tshark(path):
    command = ["tshark", "-n", "-r", path, "-Y", FILTER, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a",
               "-E", "aggregator=\x01", "--enable-protocol", "communityid", "-o", "tcp.reassemble_out_of_order:TRUE",
               "-o", "tcp.desegment_tcp_streams:TRUE"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, timeout=300)
    found = {"dns": set(), "tls": set(), "quic": set(), "ja3": set(), "community_id": set()}
    for line in done.stdout.decode("utf-8", "replace").split("\n"):
        columns = line.split("|")
        if len(columns) != len(FIELDS):
            continue
        row = dict(zip(FIELDS, (column.split("\x01") if column else [] for column in columns)))
        protocols = "".join(row["frame.protocols"])
        ports = set(row["udp.port"] + row["tcp.port"])
        if "53" in ports and re.search(r":dns\b", protocols):
            found["dns"] |= {normal(name) for name in row["dns.qry.name"]}
        kind = "quic" if ":quic" in protocols else "tls"
        if "dtls" not in protocols:
            found[kind] |= {normal(name) for name in row["tls.handshake.extensions_server_name"]}
            if kind == "tls":
                found["ja3"] |= set(row["tls.handshake.ja3"])
            if row["tls.handshake.extensions_server_name"] or "53" in ports:
                # Inside a tunnel tshark prints one identifier for each layer; ours is the innermost.
                found["community_id"] |= set(row["communityid"][-1:])
    for names in found.values():
        names.discard("")
    return found


def minewatch(binary, path):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        done = subprocess.run([binary, "replay", "--events", "dns,tls,quic", "--summary", "none", "--output", out.name,
                               path], capture_output=True, timeout=300)
        if done.returncode not in (0, 3):
            return None, f"exit code {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-300:]}"
        found = {"dns": set(), "tls": set(), "quic": set(), "ja3": set(), "community_id": set()}
        for line in open(out.name, encoding="utf-8"):
            event = json.loads(line)
            kind = event["event_type"]
            if kind == "dns":
                dns = event["dns"]
                names = [dns.get("rrname", "")] + [query.get("rrname", "") for query in dns.get("queries", [])]
                found["dns"] |= {normal(name) for name in names}
            elif kind in ("tls", "quic"):
                body = event.get(kind, {})
                if "sni" in body:
                    found[kind].add(normal(body["sni"]))
                if kind == "tls" and "ja3" in body:
                    found["ja3"].add(body["ja3"]["hash"])
            if "community_id" in event:
                found["community_id"].add(event["community_id"])
        return found, None


def explained():
    """Rows of (capture's name pattern, kind, value pattern, reason)."""
    rows = []
    path = os.path.join(HERE, "explained.tsv")
    if os.path.exists(path):
        for line in open(path, encoding="utf-8"):
            if line.strip() and not line.startswith("#"):
                capture, kind, value, reason = line.rstrip("\n").split("\t")
                rows.append((re.compile(capture), kind, re.compile(value), reason))
    return rows


def captures(paths, every):
    found = []
    for path in paths:
        if os.path.isdir(path):
            for folder, _, files in os.walk(path):
                found += [os.path.join(folder, name) for name in files
                          if re.search(r"\.(pcap|pcapng|cap|dmp)(\.(gz|zst|lz4))?$", name)]
        else:
            found.append(path)
    return sorted(found)[::every]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=os.path.join(HERE, "../../target/release/minewatch"))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()
    rows = explained()
    totals, missing, explanations = {}, 0, 0

    def compare(path):
        theirs = tshark(path)
        ours, trouble = minewatch(options.binary, path)
        return path, theirs, ours, trouble

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for path, theirs, ours, trouble in pool.map(compare, captures(options.paths, options.every)):
            if trouble:
                print(f"FAIL\t{path}\t{trouble}")
                missing += 1
                continue
            for kind, values in theirs.items():
                total = totals.setdefault(kind, [0, 0])
                total[0] += len(values)
                for value in sorted(values - ours[kind]):
                    reason = next((row[3] for row in rows if row[1] == kind and row[0].search(path)
                                   and row[2].fullmatch(value)), None)
                    if reason:
                        explanations += 1
                        print(f"explained\t{path}\t{kind}\t{value}\t{reason}")
                    else:
                        missing += 1
                        total[1] += 1
                        print(f"MISSING\t{path}\t{kind}\t{value}")
    for kind, (count, lost) in totals.items():
        print(f"{kind}: tshark found {count}, missing and unexplained {lost}")
    print(f"{explanations} differences explained, {missing} not")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
