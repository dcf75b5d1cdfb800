#!/usr/bin/env python3
"""Writes pools.txt, browser.txt, malware.txt and never.txt from a folder of public lists.

    rules/update.py LISTS --date YYYY-MM-DD

LISTS holds candidate_pools_permissive.tsv (name, lists with licences, mark), maltrail/,
warninglists/ (MISP), popular_domains.txt and lookalike_benign.txt; README.md says where they are
from. pools.toml and review.tsv beside this script are written by hand and win over the lists. The
output depends on the input alone; what was left out, and why, is counted on standard output.
"""

import argparse
import collections
import ipaddress
import json
import pathlib
import re
import tomllib

HERE = pathlib.Path(__file__).parent

NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])")

# Families that Maltrail files under a name without "miner" and that are known to mine.
MINING_FAMILIES = {"adylkuzz", "beapy", "hacked_monero", "prowli", "rediswannamine", "vollgar", "wannamine"}

# Lists of hosts that serve miners to browsers; a name that no other kind of list has is of them.
BROWSER_LISTS = {"keraf", "nocoin"}
POOL_LISTS = {"maltrail", "panther", "falco", "smashed", "minerchk"}

# Ports of the peer-to-peer networks of coins: whoever runs a node talks to them.
NODE_PORTS = {8333, 19335}

# What a name says about the coin.
COINS = [
    (r"xmr|monero|monerp", "XMR"), (r"aeon", "AEON"), (r"zeph", "ZEPH"), (r"salvium", "SAL"),
    (r"kaspa", "KAS"), (r"ni[mq]pool|nimiq", "NIM"), (r"litecoin|ltc", "LTC"), (r"raven", "RVN"),
    (r"xdag", "XDAG"), (r"trtl|turtle", "TRTL"), (r"bytecoin|bcn", "BCN"), (r"(^|[.-])grin", "GRIN"),
    (r"alph2|alephium", "ALPH"), (r"btgpool", "BTG"), (r"etc-?pool", "ETC"), (r"siamining", "SC"),
    (r"btcpool|bitcoin", "BTC"), (r"zec|zhash", "ZEC"), (r"koto-", "KOTO"), (r"signum", "SIGNA"),
]

# Shared by so many that no list may name them: pastes, code and file hosts, short links,
# messengers, exchanges, wallets, clouds. Added to the names that MISP's list of the most popular has.
SHARED = """
amazonaws.com archive.org bit.ly bitbucket.org bitfinex.com bitstamp.net binance.com bing.com
blockchain.com blogspot.com box.com bybit.com cdn.discordapp.com cloudflare.com cloudflare-dns.com
cloudfront.net coinbase.com coingecko.com coinmarketcap.com controlc.com crypto.com digitalocean.com
discord.com discord.gg discordapp.com docker.com docker.io drive.google.com dropbox.com
duckduckgo.com facebook.com fastly.net gate.io ghostbin.com gist.github.com git.io github.com
githubusercontent.com raw.githubusercontent.com gitlab.com goo.gl google.com googleapis.com
gstatic.com hastebin.com heroku.com hetzner.com hostinger.com htx.com huobi.com icloud.com imgur.com
instagram.com is.gd kraken.com kucoin.com linkedin.com linode.com live.com mediafire.com
mega.nz mexc.com microsoft.com mozilla.org netlify.com ngrok.com ngrok.io npmjs.com office.com
okx.com onedrive.live.com ovh.net paste.ee pastebin.com pastebin.pl pypi.org quad9.net rebrand.ly
reddit.com rentry.co s.id sourceforge.net t.co t.me telegram.me telegram.org tinyurl.com
transfer.sh twitter.com vercel.app vimeo.com vultr.com whatsapp.com wikipedia.org wordpress.com
x.com yahoo.com yandex.ru youtube.com
""".split()

# Public resolvers that clients are set to.
RESOLVERS = """
1.0.0.1 1.0.0.2 1.0.0.3 1.1.1.1 1.1.1.2 1.1.1.3 8.8.4.4 8.8.8.8 9.9.9.9 9.9.9.10 9.9.9.11
149.112.112.112 149.112.112.10 149.112.112.11 208.67.220.220 208.67.222.222 208.67.220.123
208.67.222.123 64.6.64.6 64.6.65.6 76.76.2.0 76.76.10.0 77.88.8.1 77.88.8.8 84.200.69.80
84.200.70.40 94.140.14.14 94.140.15.15 114.114.114.114 114.114.115.115 119.29.29.29 180.76.76.76
185.228.168.9 185.228.169.9 223.5.5.5 223.6.6.6 2001:4860:4860::8844 2001:4860:4860::8888
2606:4700:4700::1001 2606:4700:4700::1111 2620:fe::9 2620:fe::fe 2620:119:35::35 2620:119:53::53
""".split()

# Other names in the parts of Maltrail's list that were found by the title of a page: a host that
# serves the page serves other sites, too.
BY_TITLE = "TITLE-HOST/IP="


class Count(collections.Counter):
    def __init__(self, verbose):
        super().__init__()
        self.verbose = verbose

    def left_out(self, why, what):
        self["left out: " + why] += 1
        if self.verbose:
            print(f"  {what}: {why}")


def suffixes(name):
    labels = name.split(".")
    return [".".join(labels[i:]) for i in range(len(labels) - 1)]


def trails(path):
    """(value, found by the title of a page) of every line of a Maltrail list."""
    by_title = False
    after_value = False
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("#"):
            # A run of comments heads a part.
            by_title = (by_title and not after_value) or BY_TITLE in line
            after_value = False
        elif value := line.split("#")[0].strip():
            after_value = True
            yield value, by_title


def endpoint(value):
    """(address, port or None) of 192.0.2.1, 192.0.2.1:80, http://192.0.2.1:80."""
    match = re.fullmatch(r"(?:https?://)?(\d+\.\d+\.\d+\.\d+)(?::(\d+))?/?", value)
    if not match:
        return None
    try:
        address = ipaddress.ip_address(match[1])
    except ValueError:
        return None
    return address, int(match[2]) if match[2] else None


class Weeds:
    """Everything that says that a value is of no use as an indicator."""

    def __init__(self, lists, curated, review):
        misp = lambda name: json.loads((lists / "warninglists" / (name + ".json")).read_text())["list"]
        self.curated = curated
        self.review = review
        self.popular = set((lists / "popular_domains.txt").read_text().lower().split())
        self.lookalike = set((lists / "lookalike_benign.txt").read_text().lower().split())
        self.above = collections.Counter(s for n in self.popular | self.lookalike for s in suffixes(n))
        self.dynamic = {name.lstrip(".").lower() for name in misp("dynamic-dns")}
        self.blogs = set(misp("security-provider-blogpost"))
        self.top = misp("cisco_top1000")
        self.resolvers = {ipaddress.ip_address(a.split("/")[0]) for a in misp("public-dns-v4")}
        self.networks = [(ipaddress.ip_network(net), why) for why, name in [
            ("content network", "cloudflare"), ("content network", "akamai"),
            ("sinkhole", "sinkholes"), ("parked", "parking-domain")] for net in misp(name)]
        self.cloudflare = misp("cloudflare")
        self.never = never(self)

    def name(self, name):
        verdict = self.review.get(name, ("", ""))[0]
        if verdict == "drop":
            return "reviewed by hand"
        if name in self.curated or verdict == "keep":
            return None
        if name in self.dynamic:
            return "dynamic DNS provider"
        if name in self.never or name in self.blogs:
            return "shared by many"
        if self.above[name]:
            return "popular, and nobody vouches for it"
        return None

    def endpoint(self, address, port):
        if not address.is_global:
            return "not a public address"
        if port is None and address in self.resolvers:
            return "public resolver"
        for network, why in self.networks:
            if address in network and (why != "content network" or port in (None, 80, 443, 8080)):
                return why
        return None


def never(weeds):
    """Names that no list may contain."""
    names = set(SHARED)
    for name in weeds.top:
        names.update(s for s in suffixes(name) if s.count(".") == 1 and s in weeds.popular)
    return names - weeds.curated


def coins(name):
    return ",".join(coin for pattern, coin in COINS if re.search(pattern, name))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lists", type=pathlib.Path)
    parser.add_argument("--date", required=True, help="when the lists were fetched")
    parser.add_argument("--verbose", action="store_true", help="name everything that is left out")
    options = parser.parse_args()
    catalogue = tomllib.loads((HERE / "pools.toml").read_text())
    classes = {d: pool.get("class", "pool") for pool in catalogue["pool"] for d in pool.get("domains", [])}
    review = {}
    for line in (HERE / "review.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            name, verdict, reason = line.split("\t")
            review[name] = (verdict, reason)
    weeds = Weeds(options.lists, set(classes), review)
    count = Count(options.verbose)

    # Names: those of two lists, and all of Maltrail's.
    sources = collections.defaultdict(set)
    for line in (options.lists / "candidate_pools_permissive.tsv").read_text().splitlines():
        name, lists = line.split("\t")[:2]
        sources[name].update(re.sub(r"\([^)]*\)", "", lists).split(","))
    endpoints = set()
    titled = set()
    for value, by_title in trails(options.lists / "maltrail" / "crypto_mining.txt"):
        value = value.lower()
        if found := endpoint(value):
            endpoints.add(found)
        elif NAME.fullmatch(value):
            sources[value].add("maltrail")
            if by_title and "hashvau" not in value:
                titled.add(value)
        else:
            count.left_out("no name and no address", value)
    names = {}
    for name, lists in sorted(sources.items()):
        if len(lists) < 2 and "maltrail" not in lists and name not in classes:
            count.left_out("only one list has it", name)
        elif name in titled and lists == {"maltrail"} and name not in classes:
            count.left_out("on a host with a pool's page", name)
        elif why := weeds.name(name):
            count.left_out(why, name)
        else:
            verdict = review.get(name, ("",))[0]
            if verdict in ("pool", "proxy", "browser", "malware", "policy"):
                kind = verdict
            elif name in classes:
                kind = classes[name]
            else:
                kind = "browser" if lists & BROWSER_LISTS and not lists & POOL_LISTS else "pool"
            names[name] = (kind, lists)

    # A name below another of the same class says nothing new.
    def covered(name):
        for above in suffixes(name)[1:]:
            kind = classes.get(above) or names.get(above, (None,))[0]
            if kind:
                return kind == names[name][0]
        return False

    kept = {}
    for name, entry in names.items():
        if covered(name):
            count.left_out("below another entry", name)
        else:
            kept[name] = entry

    header = [
        "# Written by update.py; format and sources: README.md. What to change by hand is in pools.toml",
        "# and review.tsv.",
    ]
    known = ["maltrail", "panther", "falco", "minerchk", "anudeep", "keraf", "nocoin", "blp", "sw"]
    declared = [f"#! source {name} {options.date}" for name in sorted(known)] + ["#! source smashed 2018-01-01"]

    def line(name, kind, default):
        found, lists = names[name]
        columns = [name, "-" if kind == default else kind, coins(name) or "-", ",".join(sorted(lists))]
        return "\t".join(columns)

    pools = header + declared + ["#! class pool", ""]
    pools += [line(name, kind, "pool") for name, (kind, _) in sorted(kept.items()) if kind != "browser"]
    by_kind = {"pool": [], "policy": []}
    for address, port in sorted(endpoints, key=lambda e: (e[0], e[1] or 0)):
        if why := weeds.endpoint(address, port):
            count.left_out(why, f"{address}:{port}")
            continue
        kind = "policy" if port in NODE_PORTS else "pool"
        by_kind[kind].append(f"{address}:{port}" if port else str(address))
        count[f"endpoints, {kind}"] += 1
    pools += ["", "#! source maltrail " + options.date] + by_kind["pool"]
    pools += ["", "# Nodes of coins, which whoever runs a node talks to.", "#! class policy", "#! name node of a coin"]
    pools += by_kind["policy"]
    browser = header + declared + ["#! class browser", ""]
    browser += [line(name, kind, "browser") for name, (kind, _) in sorted(kept.items()) if kind == "browser"]
    for kind, _ in kept.values():
        count[f"names, {kind}"] += 1

    # Malware.
    malware = header + ["#! class malware", "#! source maltrail " + options.date]
    seen = set()
    for path in sorted((options.lists / "maltrail" / "malware").glob("*.txt")):
        if "miner" not in path.stem and path.stem not in MINING_FAMILIES:
            count["left out: families that do not mine"] += 1
            continue
        values = []
        for value, _ in trails(path):
            if value.startswith("/"):
                count.left_out("path without a host", value)
                continue
            bare = re.sub(r"^https?://", "", value)
            host = re.split(r"[:/]", bare)[0].lower()
            path_of = bare[len(re.split(r"/", bare)[0]):]
            if found := endpoint(value):
                why = weeds.endpoint(*found)
                text = str(found[0]) + (f":{found[1]}" if found[1] else "")
            elif len(path_of) > 1:
                # A URL is specific whatever its host is.
                address = endpoint(host)
                why = "not a public address" if address and not address[0].is_global else None
                text = re.split(r"/", bare)[0].lower() + path_of
            elif NAME.fullmatch(host):
                why = weeds.name(host)
                text = host
                if any(s in kept or s in classes for s in suffixes(host)):
                    why = "a pool, used by malware"
            else:
                why, text = "no name and no address", value
            if why is None and text in seen:
                why = "in two files"
            if why:
                count.left_out(why, value)
                continue
            seen.add(text)
            values.append(text)
        bares = set(values)
        values = [v for v in values if not any(s in bares for s in suffixes(v)[1:] if NAME.fullmatch(v))]
        if values:
            family = re.sub(r"^elf_|^osx_|_miner$", "", path.stem)
            malware += ["", f"#! name {FAMILIES.get(family, family)}"] + sorted(values)
            count["malware indicators"] += len(values)

    for file, lines in [("pools.txt", pools), ("browser.txt", browser), ("malware.txt", malware)]:
        (HERE / file).write_text("\n".join(lines) + "\n")
    guard = header + ["# What no list may contain: names, resolvers, networks of shared addresses.", ""]
    guard += sorted(weeds.never) + [""] + RESOLVERS + [""] + sorted(weeds.cloudflare)
    (HERE / "never.txt").write_text("\n".join(guard) + "\n")
    for what, number in sorted(count.items()):
        if number:
            print(f"{number:6} {what}")


# Names of families as reports write them.
FAMILIES = {
    "h2miner": "Kinsing (h2miner)", "m8220": "8220 Gang", "lemonduck": "LemonDuck", "mykings": "MyKings (Smominru)",
    "generic": "mining malware", "coinminer": "mining malware", "pasteminer": "pasteminer", "redtail": "RedTail",
    "watchdog": "WatchDog", "sysrvhello": "Sysrv", "wannamine": "WannaMine", "pcastle": "PCASTLE", "xanthe": "Xanthe",
    "z0miner": "z0Miner", "beapy": "Beapy", "adylkuzz": "Adylkuzz", "vollgar": "Vollgar", "prowli": "Prowli",
    "rediswannamine": "RedisWannaMine", "loud": "LoudMiner", "migo": "Migo", "ghost": "GhostMiner",
    "silentcrypto": "SilentCryptoMiner", "systemd": "systemdMiner", "osaminer": "OSAMiner", "mrb": "MrbMiner",
    "photo": "PhotoMiner", "mass": "MassMiner", "cryrig": "CryRig", "mado": "MadoMiner", "nsabuff": "NSABuffMiner",
    "phoenix": "Phoenix Miner", "hacked_monero": "hacked Monero download",
}

if __name__ == "__main__":
    main()
