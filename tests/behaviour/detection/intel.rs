//! The shipped intelligence against what it must know and what it must not touch.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use minewatch::intel::{Intel, IntelError, lint};
use minewatch::model::indicator::IntelClass;

use crate::support::shared::shared;
use crate::support::trial::{Checked, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        well_known_pools_are_known_with_name_class_and_coin,
        names_that_only_look_alike_are_left_alone,
        the_addresses_and_urls_of_published_incidents_are_known,
        an_exception_silences_and_is_still_explained,
        the_operators_files_have_precedence_and_keep_the_sources_of_all,
        remarks_name_file_line_and_column_and_what_to_do,
        intelligence_that_is_absent_empty_or_broken_is_an_error,
        popular_names_that_match_are_reviewed_pools,
        names_that_look_like_pools_do_not_match,
        a_port_of_a_known_pools_address_goes_by_the_pools_name,
    ]
}

fn well_known_pools_are_known_with_name_class_and_coin() {
    let intel = Intel::builtin();
    for (name, pool, class, coin) in [
        ("supportxmr.com", "SupportXMR", IntelClass::Pool, "XMR"),
        ("pool.supportxmr.com", "SupportXMR", IntelClass::Pool, "XMR"),
        ("x.pool.supportxmr.com.", "SupportXMR", IntelClass::Pool, "XMR"),
        ("gulf.moneroocean.stream", "MoneroOcean", IntelClass::Pool, "XMR"),
        ("pool.hashvault.pro", "HashVault", IntelClass::Pool, "XMR"),
        ("xmr-eu1.nanopool.org", "Nanopool", IntelClass::Pool, "XMR"),
        ("auto.c3pool.org", "C3Pool", IntelClass::Pool, "XMR"),
        ("kawpow.auto.nicehash.com", "NiceHash", IntelClass::Pool, "BTC"),
        ("monero.herominers.com", "HeroMiners", IntelClass::Pool, "XMR"),
        ("rx.unmineable.com", "unMineable", IntelClass::Pool, "XMR"),
        ("seeds.p2pool.io", "P2Pool", IntelClass::Pool, "XMR"),
        ("main.p2poolpeers.net", "P2Pool", IntelClass::Pool, "XMR"),
        ("btc.f2pool.com", "F2Pool", IntelClass::Pool, "BTC"),
        ("xmr.2miners.com", "2Miners", IntelClass::Pool, "ETC"),
        ("donate.v2.xmrig.com", "XMRig donation", IntelClass::Proxy, "XMR"),
        ("authedmine.com", "Coinhive", IntelClass::Browser, "XMR"),
        ("ws001.coin-hive.com", "Coinhive", IntelClass::Browser, "XMR"),
        ("crypto-loot.com", "Crypto-Loot", IntelClass::Browser, "XMR"),
        ("thyrsi.com", "WatchDogsMiner", IntelClass::Malware, "XMR"),
    ] {
        let hit = intel.name(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((hit.entry.name.as_str(), hit.entry.class), (pool, class), "{name}");
        assert!(hit.entry.coins.iter().any(|known| known == coin), "{name}: {:?}", hit.entry.coins);
        assert!(!hit.entry.sources.is_empty(), "{name}");
    }
    assert_eq!(intel.name("xmrig.com").unwrap().entry.class, IntelClass::Policy);
    assert_eq!(intel.name("pool.supportxmr.com").unwrap().indicator, "supportxmr.com");
}

fn names_that_only_look_alike_are_left_alone() {
    let intel = Intel::builtin();
    for name in [
        "supportxmr.com.example.org",
        "notsupportxmr.com",
        "supportxmr.co",
        "xmr.com",
        "pool.ntp.org",
        "mempool.space",
        "pastebin.com",
        "github.com",
        "com",
        "",
    ] {
        assert_eq!(intel.name(name), None, "{name}");
    }
}

fn the_addresses_and_urls_of_published_incidents_are_known() {
    let intel = Intel::builtin();
    let ip: IpAddr = "91.121.140.167".parse().unwrap();
    for (port, indicator) in [(22, "91.121.140.167"), (3333, "91.121.140.167:3333")] {
        let hit = intel.endpoint(ip, port).unwrap();
        assert_eq!(hit.indicator, indicator);
    }
    assert_eq!(intel.endpoint(ip, 22).unwrap().entry.name, "SupportXMR");
    assert_eq!(intel.endpoint("91.121.140.168".parse().unwrap(), 3333), None);
    for (host, target) in [
        ("pastebin.com", "/raw/sByq0rym"),
        ("pastebin.com:443", "/raw/sByq0rym"),
        ("thyrsi.com", "/t6/672/1550667479x1822611209.jpg"),
    ] {
        let hit = intel.url(host, target).unwrap_or_else(|| panic!("{host}{target}"));
        assert_eq!(hit.entry.class, IntelClass::Malware);
        assert_eq!(hit.entry.name, "WatchDogsMiner");
    }
    assert_eq!(intel.url("pastebin.com", "/raw/other"), None);
    assert_eq!(intel.url("pastebin.com.example.org", "/raw/sByq0rym"), None);
}

fn an_exception_silences_and_is_still_explained() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.txt");
    let text = "#! class allow\nsupportxmr.com\n91.121.140.0/24\npastebin.com/raw/\n";
    fs::write(&file, text).unwrap();
    let (intel, warnings) = Intel::load(&[file], true).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(intel.name("pool.supportxmr.com"), None);
    assert_eq!(intel.endpoint("91.121.140.167".parse().unwrap(), 3333), None);
    assert_eq!(intel.url("pastebin.com", "/raw/sByq0rym"), None);
    assert!(intel.name("gulf.moneroocean.stream").is_some());
    let told = intel.explain("pool.supportxmr.com").unwrap();
    assert!(told[0].allow && !told[1].allow, "{told:?}");
    assert_eq!(told[1].indicator, "supportxmr.com");
    assert!(
        told[1].to_string().starts_with("supportxmr.com: pool, SupportXMR, coins XMR, ports 80")
    );
    let told = intel.explain("91.121.140.167").unwrap();
    let listed: Vec<_> = told.iter().map(|entry| entry.indicator.as_str()).collect();
    assert_eq!(listed[0], "91.121.140.0/24");
    assert!(listed.contains(&"91.121.140.167") && listed.contains(&"91.121.140.167:443"));
    assert!(intel.explain("nonsense").is_err());
}

fn the_operators_files_have_precedence_and_keep_the_sources_of_all() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "#! name Ours\nsupportxmr.com\n").unwrap();
    fs::write(folder.path().join("b.txt"), "eu.supportxmr.com\n").unwrap();
    fs::write(folder.path().join(".hidden"), "hidden.example\n").unwrap();
    let (intel, _) = Intel::load(&[folder.path().to_owned()], true).unwrap();
    let hit = intel.name("pool.supportxmr.com").unwrap();
    assert_eq!((hit.entry.name.as_str(), hit.entry.class), ("Ours", IntelClass::Pool));
    assert_eq!(hit.entry.sources[0], "a.txt");
    assert!(hit.entry.sources.iter().any(|source| source.starts_with("maltrail ")));
    // A bare entry below a described one goes by its name.
    let hit = intel.name("eu.supportxmr.com").unwrap();
    assert_eq!((hit.entry.name.as_str(), hit.indicator.as_str()), ("Ours", "eu.supportxmr.com"));
    assert_eq!(intel.name("hidden.example"), None);
}

fn remarks_name_file_line_and_column_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("indicators.txt");
    let long = format!("{}.example", "a".repeat(3000));
    let text = format!(
        "91.121.140.167\npool.supportxmr.com\n6a034a7041f30688086080a1c922e60\n  10.1.2.3\nco.uk\n\
         duckdns.org\n8.8.8.8\nPööl.example\n{long}\ngoogle.com\n0.0.0.0/0\n\
         d41d8cd98f00b204e9800998ecf8427e\nok.example\tevil\n"
    );
    fs::write(&file, text).unwrap();
    let remarks: Vec<String> =
        lint(&file).unwrap().iter().map(|remark| remark.to_string()).collect();
    let name = file.display();
    let expected = [
        format!(
            "{name}:3:1: refused: 6a034a7041f30688086080a1c922e60 has 31 hexadecimal digits and is no hash of any kind (MD5 has 32, SHA-1 40, SHA-256 64; it is misprinted: ask its source)"
        ),
        format!(
            "{name}:4:3: refused: 10.1.2.3 is no public address: private (RFC 1918) (name inside hosts in the configuration, not here)"
        ),
        format!(
            "{name}:5:1: refused: co.uk is a public suffix, under which anybody has a name (write the whole name)"
        ),
        format!(
            "{name}:6:1: refused: duckdns.org is a public suffix, under which anybody has a name (write the whole name)"
        ),
        format!("{name}:7:1: refused: 8.8.8.8 is a public resolver (remove it)"),
        format!(
            "{name}:8:1: refused: Pööl.example has letters that DNS does not carry (write the name in its xn-- form)"
        ),
        format!(
            "{name}:9: refused: has 3008 bytes (an indicator has fewer; is a line break missing?)"
        ),
        format!(
            "{name}:10:1: refused: google.com is a popular site, not a pool (name the host or the URL that is meant)"
        ),
        format!(
            "{name}:11:1: refused: 0.0.0.0/0 covers too much of the Internet (name smaller networks)"
        ),
        format!(
            "{name}:12:1: refused: d41d8cd98f00b204e9800998ecf8427e is a hash of 128 bits (hashes do not show in traffic; remove it)"
        ),
        format!(
            "{name}:13: warning: unknown class evil (there are pool, proxy, browser, malware, policy and allow)"
        ),
    ];
    assert_eq!(remarks, expected);
}

fn intelligence_that_is_absent_empty_or_broken_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let error = |path: PathBuf| match Intel::load(&[path], false) {
        Ok(_) => panic!("loaded"),
        Err(error) => error,
    };
    assert!(matches!(error(folder.path().join("absent.txt")), IntelError::Read { .. }));
    assert!(matches!(error(file("empty.txt", b"# nothing\n")), IntelError::Empty { .. }));
    assert!(matches!(error(file("x.toml", b"[[pool]\n")), IntelError::Syntax { line: 1, .. }));
    assert!(matches!(error(file("x.txt", b"\xff\xfea\0")), IntelError::Format { .. }));
}

/// Pools that are popular: they stay in although a list of popular sites has them.
const POPULAR_POOLS: &str = include_str!("popular_pools.txt");

fn popular_names_that_match_are_reviewed_pools() -> Checked {
    let popular = fs::read_to_string(shared("intel/popular_domains.txt")?).unwrap();
    let intel = Intel::builtin();
    let reviewed: BTreeSet<&str> =
        POPULAR_POOLS.lines().filter(|line| !line.starts_with('#')).collect();
    let hits: BTreeSet<String> = popular
        .lines()
        .filter_map(|name| intel.name(&name.to_ascii_lowercase()))
        .map(|hit| hit.indicator)
        .collect();
    let unknown: Vec<_> = hits.iter().filter(|hit| !reviewed.contains(hit.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    Ok(())
}

fn names_that_look_like_pools_do_not_match() -> Checked {
    let names = fs::read_to_string(shared("intel/lookalike_benign.txt")?).unwrap();
    let intel = Intel::builtin();
    let hits: Vec<_> = names.lines().filter(|name| intel.name(name).is_some()).collect();
    assert!(hits.is_empty(), "{hits:?}");
    Ok(())
}

fn a_port_of_a_known_pools_address_goes_by_the_pools_name() {
    let hit = Intel::builtin().endpoint("91.121.140.167".parse().unwrap(), 3333).expect("a hit");
    assert_eq!(
        (hit.entry.name.as_str(), hit.indicator.as_str()),
        ("SupportXMR", "91.121.140.167:3333")
    );
    assert_eq!(hit.entry.coins, ["XMR"]);
}
