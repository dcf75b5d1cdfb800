use super::*;
use crate::model::indicator::IntelClass;

fn loaded(file: &str, text: &str) -> (Intel, Vec<String>) {
    let mut builder = Builder::default();
    add_text(&mut builder, file, text).unwrap();
    let (intel, warnings) = builder.finish().unwrap();
    (intel, warnings.iter().map(Warning::to_string).collect())
}

fn hits(intel: &Intel, value: &str) -> bool {
    match value.parse::<std::net::SocketAddr>() {
        Ok(endpoint) => intel.endpoint(endpoint.ip(), endpoint.port()).is_some(),
        Err(_) => match value.split_once('/') {
            Some((host, path)) => intel.url(host, &format!("/{path}")).is_some(),
            None => intel.name(value).is_some(),
        },
    }
}

fn check(file: &str, text: &str, positive: &[&str], negative: &[&str]) -> Vec<String> {
    let (intel, warnings) = loaded(file, text);
    for value in positive {
        assert!(hits(&intel, value), "{file}: {value} {warnings:?}");
    }
    for value in negative {
        assert!(!hits(&intel, value), "{file}: {value}");
    }
    warnings
}

#[test]
fn the_built_in_files_load_without_a_remark() {
    let mut builder = Builder::default();
    add_builtin(&mut builder);
    let (intel, warnings) = builder.finish().unwrap();
    assert_eq!(warnings, []);
    assert!(intel.stats().indicators() > 3000);
}

#[test]
fn plain_lists_and_maltrail_trails_are_read() {
    let warnings = check(
        "trails.txt",
        "# comment\nus1.bitminter.com\n74.84.128.158:3333\nhttp://46.226.108.171\r\n192.0.2.0/24\n\
         Pool.Example # remark\nx.example/a#b\n.dotted.example\n/path\n",
        &[
            "us1.bitminter.com",
            "eu.us1.bitminter.com",
            "74.84.128.158:3333",
            "46.226.108.171:80",
            "192.0.2.77:1",
            "pool.example",
            "x.example/a#b",
            "dotted.example",
        ],
        &["bitminter.com", "74.84.128.158:3334", "46.226.108.172:80"],
    );
    assert_eq!(
        warnings,
        ["trails.txt:9:1: refused: /path is a path without a host (put the host in front of it)"]
    );
}

#[test]
fn directives_and_columns_describe_indicators() {
    let text = "#! source mine 2026-02-03\n#! source other 2026-01-01\n#! class malware\n\
                #! name Botnet\n#! coins XMR ZEPH\na.example\n\
                b.example\tproxy\tBTC\tmine,other\tMine\nc.example\tallow\n-\n";
    let (intel, warnings) = loaded("list.txt", text);
    let a = intel.name("a.example").unwrap().entry;
    assert_eq!((a.name.as_str(), a.class), ("Botnet", IntelClass::Malware));
    assert_eq!((a.coins.len(), &a.sources[..]), (2, &["other 2026-01-01".to_owned()][..]));
    let b = intel.name("x.b.example").unwrap();
    assert_eq!((b.entry.name.as_str(), b.entry.class), ("Mine", IntelClass::Proxy));
    assert_eq!(b.entry.sources, ["mine 2026-02-03", "other 2026-01-01"]);
    assert_eq!(b.indicator, "b.example");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(intel.stats().allowed, 1);
    assert_eq!(intel.stats().newest.as_deref(), Some("2026-02-03"));
}

#[test]
fn hosts_files_are_read() {
    let warnings = check(
        "hosts",
        "127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 us1.bitminter.com\n\
         127.0.0.1\tpool.example.org www.pool.example.org # two names\n",
        &["us1.bitminter.com", "pool.example.org"],
        &["localhost", "example.org"],
    );
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn adblock_lists_are_read() {
    let warnings = check(
        "list.txt",
        "[Adblock Plus 2.0]\n! Title: pools\n||bitminter.com^\n||minero.example^$third-party\n\
         ||23.83.114.131^$third-party\n||good.example^\n@@||good.example^\n\
         @@||minero.example^$domain=a.example\n/miner.js$script\n||x.example/path^\nexample.com##.ad\n",
        &["bitminter.com", "x.minero.example", "23.83.114.131:443"],
        &["good.example", "www.good.example", "example.com", "x.example"],
    );
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn csv_files_are_read() {
    let text = "type,value,port,name,confidence,first_seen,expires,source\n\
                domain,us1.bitminter.com,,\"bit, minter\",high,2026-01-01,2020-07-01,feed\n\
                ipv4,74.84.128.158,3333,bitminter,medium,2026-01-01,,feed\n\
                ipv6,2001:db8::1,3333,,,,,\ncidr,192.0.2.0/24,,test,low,,,feed\n,,,,,,,\n";
    let (intel, warnings) = loaded("pools.csv", text);
    assert!(
        ["74.84.128.158:3333", "[2001:db8::1]:3333", "192.0.2.1:1"].iter().all(|v| hits(&intel, v))
    );
    let hit = intel.name("us1.bitminter.com").unwrap();
    assert_eq!(hit.entry.name, "bit, minter");
    assert_eq!(hit.entry.sources, ["feed 2026-01-01"]);
    assert_eq!(
        warnings,
        [
            "pools.csv:2: warning: us1.bitminter.com was valid until 2020-07-01 (renew or remove it)",
            "pools.csv:6: refused: has no indicator (fill the column of the indicator)",
        ]
    );
}

#[test]
fn zeek_files_are_read() {
    let text = "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\n\
                us1.bitminter.com\tIntel::DOMAIN\tpools\tbitminter pool\t-\n\
                74.84.128.158\tIntel::ADDR\tpools\t-\t-\n192.0.2.0/24\tIntel::SUBNET\tpools\t-\t-\n\
                evil.example/x\tIntel::URL\tpools\t-\t-\n\
                d41d8cd98f00b204e9800998ecf8427e\tIntel::FILE_HASH\tpools\t-\t-\n";
    let warnings = check(
        "intel.dat",
        text,
        &["us1.bitminter.com", "74.84.128.158:1", "192.0.2.9:1", "evil.example/x"],
        &["evil.example"],
    );
    assert_eq!(warnings.len(), 1);
}

#[test]
fn suricata_datasets_are_read() {
    let base64 = "dXMxLmJpdG1pbnRlci5jb20=\nLmV2aWwuZXhhbXBsZQ==\n";
    assert!(check("d.lst", base64, &["us1.bitminter.com", "a.evil.example"], &[]).is_empty());
    assert!(check("ip.lst", "74.84.128.158\n192.0.2.7,5\n", &["192.0.2.7:1"], &[]).is_empty());
    let json =
        "{\"host\":\"us1.bitminter.com\",\"pool\":\"bitminter\",\"conf\":80}\n{\"x\":1}\n{\n";
    assert_eq!(check("d.ndjson", json, &["us1.bitminter.com"], &[]).len(), 2);
}

#[test]
fn misp_events_are_read() {
    let text = r#"{"Event":{"info":"Mining pools","date":"2026-01-01","Attribute":[
        {"type":"domain","value":"us1.bitminter.com","to_ids":true},
        {"type":"ip-dst|port","value":"74.84.128.158|3333","to_ids":true},
        {"type":"domain|ip","value":"two.example|198.51.100.7","to_ids":true},
        {"type":"domain","value":"victim.example","to_ids":false},
        {"type":"md5","value":"d41d8cd98f00b204e9800998ecf8427e","to_ids":true},
        {"type":"md5","value":"6a034a7041f30688086080a1c922e60","to_ids":true}],
        "Object":[{"Attribute":[{"type":"url","value":"http://x.example/y","to_ids":true}]}]}}"#;
    let warnings = check(
        "event.json",
        text,
        &[
            "us1.bitminter.com",
            "74.84.128.158:3333",
            "two.example",
            "198.51.100.7:1",
            "x.example/y",
        ],
        &["victim.example", "74.84.128.158:80"],
    );
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("event.json:7:31: refused: 6a034a70"), "{warnings:?}");
    let (intel, _) = loaded("event.json", text);
    let sources = &intel.name("us1.bitminter.com").unwrap().entry.sources;
    assert_eq!(sources, &["MISP: Mining pools 2026-01-01"]);
}

#[test]
fn stix_bundles_are_read() {
    let text = r#"{"type":"bundle","id":"bundle--1","objects":[
        {"type":"indicator","name":"bitminter pool","modified":"2026-01-01T00:00:00.000Z",
         "pattern":"[domain-name:value = 'us1.bitminter.com'] OR [ipv4-addr:value = '74.84.128.158' AND network-traffic:dst_port = 3333]",
         "pattern_type":"stix","valid_until":"2020-07-01T00:00:00Z"},
        {"type":"indicator","pattern":"[domain-name:value = 'gone.example']","revoked":true},
        {"type":"indicator","pattern":"alert tcp any","pattern_type":"snort"},
        {"type":"malware","name":"x"}]}"#;
    let warnings = check(
        "pool.json",
        text,
        &["us1.bitminter.com", "74.84.128.158:3333"],
        &["gone.example", "74.84.128.158:80"],
    );
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    let (intel, _) = loaded("pool.json", text);
    let pool = intel.name("us1.bitminter.com").unwrap().entry;
    assert_eq!(
        (pool.name.as_str(), pool.sources[0].as_str()),
        ("bitminter pool", "pool.json 2026-01-01")
    );
}

#[test]
fn the_catalogue_is_read_and_its_mistakes_are_placed() {
    let text = "[sources.mine]\ndate = \"2026-01-01\"\n[[pool]]\nname = \"A\"\nclass = \"proxy\"\n\
                domains = [\"a.example\",\n  \"co.uk\"]\nsources = [\"mine\", \"theirs\"]\n\
                [[allow]]\nindicators = [\"ok.a.example\"]\nreason = \"ours\"\n";
    let warnings = check("p.toml", text, &["a.example"], &["ok.a.example"]);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("p.toml:8:20: warning: theirs"), "{warnings:?}");
    assert!(warnings[1].starts_with("p.toml:7:3: refused: co.uk"), "{warnings:?}");
    let error = |text| add_text(&mut Builder::default(), "p.toml", text).unwrap_err().to_string();
    assert!(
        error("[[pool]]\nname = \"A\"\ndomain = []\n").starts_with("p.toml:3:1: unknown field")
    );
    assert!(error("[[pool]]\nname = 1\n").starts_with("p.toml:2:8: invalid type"));
    assert!(
        error("[[pool]]\nname = \"A\"\nclass = \"evil\"\n")
            .starts_with("p.toml:3:9: unknown variant")
    );
}

#[test]
fn broken_files_are_errors_with_a_place() {
    let error = |file, text| add_text(&mut Builder::default(), file, text).unwrap_err().to_string();
    assert!(error("e.json", "{\"Event\": {\"info\": 3}}").starts_with("e.json:"));
    assert!(
        error("b.json", "{\"type\":\"bundle\",\n\"objects\":[1]}").starts_with("b.json:2:12: ")
    );
}

/// A list of `length` indicators in each format whose warnings have line and column.
fn long_lists(length: usize) -> [(&'static str, String); 3] {
    let list = |item: &dyn Fn(usize) -> String, joint: &str| {
        (0..length).map(item).collect::<Vec<_>>().join(joint)
    };
    // As PHP writes JSON: slashes are escaped, and everything is on one line.
    let attribute =
        |i| format!(r#"{{"type":"url","value":"http:\/\/p{i}.example\/a","to_ids":true}}"#);
    let misp = format!(r#"{{"Event":{{"Attribute":[{}]}}}}"#, list(&attribute, ","));
    let indicator =
        |i| format!(r#"{{"type":"indicator","pattern":"[domain-name:value = 'p{i}.example']"}}"#);
    let stix = format!(r#"{{"type":"bundle","objects":[{}]}}"#, list(&indicator, ",\n"));
    let name = |i| format!("\"p{i}.example\"");
    let catalogue = format!("[[pool]]\nname = \"A\"\ndomains = [{}]\n", list(&name, ",\n"));
    [("long.json", misp), ("bundle.json", stix), ("long.toml", catalogue)]
}

#[test]
fn a_list_of_four_times_the_length_does_not_take_sixteen_times_as_long() {
    let time = |file: &str, text: &str| {
        let start = std::time::Instant::now();
        add_text(&mut Builder::default(), file, text).unwrap();
        start.elapsed()
    };
    for ((file, short), (_, long)) in long_lists(12_500).into_iter().zip(long_lists(50_000)) {
        // The fastest of several runs counts: other processes may be using the machine.
        let best = |text: &str| (0..3).map(|_| time(file, text)).min().unwrap();
        let (short, long) = (best(&short), best(&long));
        assert!(long < short * 10, "{file}: {short:?}, then {long:?}");
    }
}

#[test]
fn remarks_on_json_say_where_the_value_itself_stands() {
    // The first `co.uk` is not marked for detection, and the third is written with an escape.
    let misp = "{\"Event\":{\"Attribute\":[\n\
        {\"type\":\"domain\",\"value\":\"co.uk\"},\n\
        {\"type\":\"domain\",\"value\":\"co.uk\",\"to_ids\":true},\n\
        {\"type\":\"domain\",\"value\":\"co\\u002euk\",\"to_ids\":true},\n\
        {\"type\":\"domain\",\"value\":7,\"to_ids\":true}]}}";
    let (_, warnings) = loaded("e.json", misp);
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings[0].starts_with("e.json:3:26: refused: co.uk"), "{warnings:?}");
    assert!(warnings[1].starts_with("e.json:4:26: refused: co.uk"), "{warnings:?}");
    assert!(warnings[2].starts_with("e.json:5:26: refused: 7 is no text"), "{warnings:?}");
}

#[test]
fn an_allowed_address_silences_the_urls_on_it_as_the_explanation_says() {
    let text = "http://192.0.2.9/a\nhttp://198.51.100.7:8080/b\nhttp://[2001:db8::1]/c\n\
                http://203.0.113.5/d\nhttp://203.0.113.6:8080/e\n\
                #! class allow\n192.0.2.9\n198.51.100.0/24\n2001:db8::1\n203.0.113.6:8080\n";
    let (intel, warnings) = loaded("list.txt", text);
    assert_eq!(warnings, [] as [String; 0]);
    for (host, path) in [
        ("192.0.2.9", "/a"),
        ("192.0.2.9:80", "/a"),
        ("198.51.100.7:8080", "/b"),
        ("[2001:db8::1]", "/c"),
        ("203.0.113.6:8080", "/e"),
    ] {
        assert!(intel.url(host, path).is_none(), "{host}");
        let told = intel.explain(&format!("http://{host}{path}")).unwrap();
        assert!(told.first().is_some_and(|entry| entry.allow), "{host}: {told:?}");
    }
    assert!(intel.url("203.0.113.5", "/d").is_some());
    // An exception for one port does not cover another.
    assert!(intel.url("203.0.113.6", "/e").is_some());
}

#[test]
fn bytes_that_are_not_utf_8_cost_only_their_line() {
    let text = text(b"a.example\np\xff\xfeol.example\nb.example\n".to_vec());
    let warnings = check("list.txt", &text, &["a.example", "b.example"], &[]);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("list.txt:2:1: refused") && warnings[0].contains("not UTF-8"));
}

#[test]
fn a_file_full_of_mistakes_is_remarked_on_within_bounds() {
    let text = "nonsense\n".repeat(5000);
    let (_, warnings) = loaded("list.txt", &text);
    assert_eq!(warnings.len(), 1001);
    assert!(warnings[1000].contains("4000 more"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(
        text in "[ -~\\t\\n\\r]{0,200}",
        like in "[|#!@\\^{}\\[\\]\",:=./a-z0-9\\n\\t ]{0,200}",
        file in "x\\.(txt|csv|json|toml|dat|lst|ndjson)",
    ) {
        let _ = add_text(&mut Builder::default(), &file, &text);
        let _ = add_text(&mut Builder::default(), &file, &like);
        let _ = add_text(&mut Builder::default(), "z", &format!("#fields\tindicator\tindicator_type\n{like}"));
        let _ = add_text(&mut Builder::default(), "c", &format!("value,port\n{like}"));
        let _ = add_text(&mut Builder::default(), "a", &format!("[Adblock]\n{like}"));
    }
}
