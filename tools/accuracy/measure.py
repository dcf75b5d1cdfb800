#!/usr/bin/env python3
"""Measures minewatch against the truth, and beside nDPI and Suricata; writes docs/ACCURACY.md.

usage: measure.py MINEWATCH GENERATOR REPORT [SHARED_CAPTURES]
"""
import collections
import concurrent.futures
import datetime
import json
import math
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# The peers read each so many-th capture without mining.
SAMPLE = 12
# Seconds that one command may take.
PATIENCE = 10
# Half of all normal deviates are within so many standard errors.
HALF = 0.6745
LADDER = ["probe", "contact", "attempt", "session", "mining", "active"]
SHARES = ["submitted", "accepted", "rejected", "unanswered"]
TRUE_SHARES = ["submits", "submits_ok", "submits_error", "submits_unanswered"]


def output(*command):
    """What a command prints; nothing if it does not end: Suricata spins on some damaged captures."""
    command = [str(part) for part in command]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout + done.stderr


def replay(minewatch, path):
    """The last record of each incident."""
    command = [minewatch, "replay", "--format", "native", "--summary", "none", path]
    lines = subprocess.run(list(map(str, command)), capture_output=True, text=True).stdout.splitlines()
    return list({alert["incident"]: alert for alert in map(json.loads, lines)}.values())


def verdict(alerts):
    return max((alert["verdict"] for alert in alerts), key=LADDER.index, default=None)


def mining(name):
    return name is not None and LADDER.index(name) >= LADDER.index("attempt")


class Ndpi:
    """Found: a flow is labelled Mining."""

    name, letter = "nDPI 4", "n"

    def __init__(self):
        self.program = shutil.which("ndpiReader")

    def version(self):
        return "nDPI " + output("dpkg-query", "-Wf", "${Version}", "libndpi-bin")

    def flows(self, path):
        return [
            line for line in output(self.program, "-i", path, "-v", "2").splitlines()
            if re.match(r"\s*\d+\s+(TCP|UDP)\s", line) and re.search(r"\[proto: [^]]*Mining", line)
        ]

    def run(self, paths):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return dict(zip(paths, (len(flows) for flows in pool.map(self.flows, paths))))


class Ndpi5:
    """The same by nfstream's nDPI, all captures in one process of the environment that has nfstream."""

    name, letter = "nDPI 5", "N"

    def __init__(self):
        self.program = os.environ.get("NFSTREAM_PYTHON")

    def version(self):
        return "nDPI " + output(self.program, HERE / "ndpi5.py", "--version")

    def run(self, paths):
        command = [self.program, HERE / "ndpi5.py", str(PATIENCE)]
        asked = "".join(f"{path}\n" for path in paths)
        told = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, check=True).stdout
        counts = (line.split("\t", 1) for line in told.splitlines())
        return {pathlib.Path(path): int(count) for count, path in counts}


class Suricata:
    """Found: one of the rules in stratum.rules fires."""

    name, letter = "Suricata", "s"

    def __init__(self):
        self.program = shutil.which("suricata")

    def version(self):
        return "Suricata " + output("dpkg-query", "-Wf", "${Version}", "suricata")

    def flows(self, path):
        with tempfile.TemporaryDirectory() as folder:
            output(self.program, "-r", path, "-S", HERE / "stratum.rules", "-l", folder, "-k", "none",
                   "--runmode", "single", "--set", "stream.midstream=true")
            eve = pathlib.Path(folder, "eve.json")
            lines = eve.read_text(errors="replace").splitlines() if eve.exists() else []
        events = map(json.loads, lines)
        return {event["flow_id"] for event in events if event["event_type"] == "alert"
                and event["alert"]["signature"].startswith("MINING")}

    run = Ndpi.run


class Minewatch:
    """Found: a verdict of `attempt` or above."""

    name = "minewatch"

    def __init__(self, program):
        self.program = program

    def version(self):
        return "minewatch " + output(self.program, "--version").split()[-1]

    def verdicts(self, paths):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return dict(zip(paths, (verdict(a) for a in pool.map(lambda p: replay(self.program, p), paths))))

    def flows(self, path):
        return [alert for alert in replay(self.program, path) if mining(alert["verdict"])]

    run = Ndpi.run


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
    yield ""


def survival(chi_squared, degrees):
    """The probability of at least this χ², for any whole number of degrees of freedom."""
    half = chi_squared / 2
    if degrees % 2:
        total, term, start = math.erfc(math.sqrt(half)), math.sqrt(half / math.pi) * 2 * math.exp(-half), 3
    else:
        total, term, start = math.exp(-half), half * math.exp(-half), 4
    for k in range(start, degrees + 1, 2):
        total += term
        term *= chi_squared / k
    return total


def real(minewatch, folder):
    """Shares and hashrates of real captures."""
    truth = json.loads((folder / "truth.json").read_text())
    shares, rates, ratios, poisson, zs, skipped = [], [], [], [], [], 0
    sums = [[0] * 4, [0] * 4]
    for capture in truth:
        name = capture["file"]
        alerts = replay(minewatch, folder / name)
        told = [sum(a["mining"]["shares"][key] for a in alerts if a["mining"]) for key in SHARES]
        expected = [sum(stream[key] for stream in capture["streams"]) for key in TRUE_SHARES]
        sums = [[a + b for a, b in zip(*pair)] for pair in zip(sums, (expected, told))]
        show = lambda counts: " / ".join(map(str, counts))
        shares.append((f"`{name}`", capture["mining_streams"], show(expected), show(told),
                       "yes" if expected == told else "**no**"))
        report = capture.get("miner_report")
        if not report:
            continue
        theirs = report.get("hashrate_15min_hs")
        best = max((a for a in alerts if a["mining"] and a["mining"]["hashrate_hs"]),
                   key=lambda a: a["mining"]["shares"]["submitted"], default=None)
        if not report.get("comparable"):
            skipped += 1
            continue
        if not theirs or not best:
            rates.append((f"`{name}`", "", "none", "", "", theirs or "none", "", ""))
            continue
        ours, error = best["mining"]["hashrate_hs"], best["mining"]["hashrate_error"]
        ratio, z = ours / theirs, (ours - theirs) / error
        accepted = best["mining"]["shares"]["accepted"]
        ratios.append(abs(ratio - 1))
        poisson.append(accepted ** -0.5)
        zs.append(z)
        rates.append((f"`{name}`", accepted, f"{ours:,.1f}", f"{error:,.1f}", f"{100 * poisson[-1]:.1f} %",
                      f"{theirs:,.1f}", f"{ratio:.3f}", f"{z:+.1f}"))
    yield "## Shares in real captures\n"
    yield "Submitted / accepted / rejected / unanswered, of all connections of a capture, beside the collection's truth.\n"
    shares.append(("**sum**", "", *(" / ".join(map(str, s)) for s in sums), "yes" if sums[0] == sums[1] else "**no**"))
    yield from table(["capture", "streams", "truth", "minewatch", "equal"], shares)
    yield "## Hashrate in real captures\n"
    yield ("The miner's own report is the mean of its last 15 minutes; minewatch's estimate is that of the whole capture. "
           "n shares of one difficulty tell a rate to 1/√n, since finding them is a Poisson process, and there is no better "
           "estimate from their number than the sum of their difficulties over the time with work. Where the miner counts "
           "its nonces, each share shows besides how far it had come with its job, which is not left to chance; the error is "
           "then the spread of what single shares show, so rather too large. Nothing is fitted to these numbers. "
           "z is the difference in standard errors.\n")
    yield from table(["capture", "shares", "estimate, H/s", "standard error", "1/√n", "miner's 15 min, H/s", "ratio", "z"], rates)
    if zs:
        squares = sum(z * z for z in zs)
        yield (f"Median of |ratio − 1|: **{100 * statistics.median(ratios):.1f} %** over {len(ratios)} captures. "
               f"From the number of shares alone, chance would make it about {100 * HALF * statistics.median(poisson):.1f} %.")
        yield (f"The miner's number is within one standard error in {sum(abs(z) <= 1 for z in zs)} of {len(zs)} (68 % are expected), "
               f"within two in {sum(abs(z) <= 2 for z in zs)} (95 %).")
        yield (f"χ² = Σz² = {squares:.1f} with {len(zs)} degrees of freedom: differences as large are to be expected with a "
               f"probability of {100 * survival(squares, len(zs)):.0f} %.")
        yield f"Marked as not comparable in the collection, and left out: {skipped}.\n"


def generated(ours, peers, generator, scratch):
    output(generator, "matrix", scratch / "matrix")
    output(generator, "look-alikes", scratch / "look-alikes")
    paths = sorted(p for p in (scratch / "matrix").rglob("*.pcap")
                   if p.parent.name not in ("links", "segmentation"))
    more = sorted(p for p in (scratch / "matrix").rglob("*.pcap") if p not in set(paths))
    alike = sorted((scratch / "look-alikes").glob("*.pcap"))
    every = paths + more + alike
    verdicts = ours.verdicts(every)
    found = {ours.name: {path: mining(verdicts[path]) for path in every}}
    for peer in peers:
        found[peer.name] = {path: count > 0 for path, count in peer.run(every).items()}
    names = list(found)
    total = lambda which, group: f"{sum(found[which][p] for p in group)} of {len(group)}"
    yield "## Generated captures: who finds what\n"
    yield ("Captures by `minewatch-generator matrix`: each dialect plain and in each disguise that changes it. "
           "Found is: minewatch, a verdict of `attempt` or above; nDPI, a flow labelled Mining "
           "(version 4 by ndpiReader, version 5 by nfstream, each with its own settings); Suricata, an alert by "
           "[stratum.rules](../tools/accuracy/stratum.rules).\n")
    yield from table(["captures", *names], [
        ("plain", *(total(n, [p for p in paths if p.stem == "plain"]) for n in names)),
        ("disguised", *(total(n, [p for p in paths if p.stem != "plain"]) for n in names)),
        ("other links and cuts", *(total(n, more) for n in names)),
        ("**false positives**: look-alikes", *(total(n, [p for p in alike if p.stem != "pool-prober"]) for n in names)),
    ])
    yield "By dialect:\n"
    groups = collections.defaultdict(list)
    for path in paths:
        groups[path.parent.name].append(path)
    yield from table(["dialect", *names], [(d, *(total(n, g) for n in names)) for d, g in sorted(groups.items())])
    yield "By disguise:\n"
    groups = collections.defaultdict(list)
    for path in paths:
        groups[path.stem].append(path)
    yield from table(["disguise", *names], [(d, *(total(n, g) for n in names)) for d, g in sorted(groups.items())])
    yield ("Each capture. The letters: minewatch's verdict (A active, M mining, S session, T attempt, – none)"
           + "".join(f", then {peer.letter} where {peer.name} finds it too" for peer in peers) + ".\n")
    disguises = sorted({path.stem for path in paths} - {"plain"})
    dialects = sorted({path.parent.name for path in paths})
    letter = {"active": "A", "mining": "M", "session": "S", "attempt": "T"}

    def cell(dialect, disguise):
        path = scratch / "matrix" / dialect / f"{disguise}.pcap"
        if path not in verdicts:
            return ""
        also = "".join(peer.letter for peer in peers if found[peer.name][path])
        return letter.get(verdicts[path], "–") + (f" {also}" if also else "")

    columns = ["plain", *disguises]
    yield from table(["", *dialects], [(c, *(cell(d, c) for d in dialects)) for c in columns])
    wrong = {n: [p.stem for p in alike if found[n][p] and p.stem != "pool-prober"] for n in names}
    yield "Look-alikes taken for mining:\n"
    yield from (f"- {n}: {', '.join(w) or 'none'}" for n, w in wrong.items())
    yield ""


def benign(tools, folder):
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and re.search(r"\.(pcap|pcapng|cap)$", p.name))
    every, paths = paths, paths[::SAMPLE]
    rows = []
    for tool in tools:
        measured = every if isinstance(tool, Minewatch) else paths
        counts = tool.run(measured)
        wrong = [f"`{p.name}` ({n})" for p, n in counts.items() if n]
        rows.append((tool.name, len(measured), len(wrong), sum(counts.values()), ", ".join(wrong[:8]) + (" …" if len(wrong) > 8 else "")))
    yield "## Real captures without mining\n"
    yield ("Flows (minewatch: incidents) taken for mining. The peers read each "
           f"{SAMPLE}th capture by name, for they take long to start; one that has not ended after "
           f"{PATIENCE} s counts as silent.\n")
    yield from table(["", "captures", "wrong in", "flows", "which"], rows)


def main():
    program, generator, report, *rest = sys.argv[1:]
    shared = pathlib.Path(rest[0]) if rest else None
    ours = Minewatch(program)
    peers = []
    for peer in (Ndpi(), Ndpi5(), Suricata()):
        if peer.program:
            peers.append(peer)
        else:
            print(f"{peer.name} is not installed: left out", file=sys.stderr)
    versions = ", ".join(tool.version().strip() for tool in [ours, *peers])
    today = datetime.date.today().isoformat()
    lines = ["# Accuracy", "", f"Written by `make accuracy` on {today} with {versions}.", ""]
    if shared and (shared / "mining").is_dir():
        lines += real(program, shared / "mining")
    with tempfile.TemporaryDirectory() as scratch:
        lines += generated(ours, peers, generator, pathlib.Path(scratch))
    if shared and (shared / "benign").is_dir():
        lines += benign([ours, *peers], shared / "benign")
    lines += ["", (pathlib.Path(__file__).parent / "families.md").read_text()]
    pathlib.Path(report).write_text("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    main()
