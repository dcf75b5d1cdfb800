//! What belongs to one incident, and to whom: from outside, on captures made here.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use minewatch_generator::capture::START;
use minewatch_generator::conversation::Speaker::{Miner, Pool};
use minewatch_generator::conversation::{Conversation, Script};
use minewatch_generator::dialect::{Dialect, Plan};
use minewatch_generator::link::Link;
use minewatch_generator::pcap;
use minewatch_generator::recorder::Recorder;
use minewatch_generator::rng::Rng;
use minewatch_generator::tcp::{Ends, Wire};
use minewatch_generator::{dhcp, dns};
use serde_json::Value;

use crate::support::program;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        in_a_connection_joined_midstream_the_end_that_asks_is_to_blame,
        what_is_reached_through_a_proxy_does_not_make_the_proxy_a_pool,
        of_two_p2pool_peers_the_one_inside_is_the_host_whoever_opened_the_connection,
        an_alert_names_the_machine_as_it_told_the_dhcp_server,
        a_host_that_mines_through_itself_is_the_client_of_its_flow,
        behind_a_proxy_the_address_asked_for_is_the_pools,
        a_proxy_is_never_taken_for_the_pool_that_it_was_asked_for,
        where_a_pool_sends_its_miner_is_the_same_incident,
        without_a_redirect_another_pool_and_another_wallet_are_another_incident,
        the_records_of_an_incident_are_in_order_however_late_its_connection_is_given_up,
        what_a_prober_had_tried_before_it_was_known_becomes_part_of_its_probe,
        a_prober_that_mines_has_an_incident_of_that,
    ]
}

const SECOND: u64 = 1_000_000;
/// The built-in intelligence names it.
const LISTED: &str = "pool.supportxmr.com";

fn recorder() -> Recorder {
    Recorder::new(Link::Ethernet, START, 1)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn ends(miner: &str, pool: &str) -> Ends {
    Ends { miner: miner.parse().unwrap(), pool: pool.parse().unwrap() }
}

/// All records of a replay of what was recorded.
fn records(recorder: &Recorder) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.pcap");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut frames: Vec<_> = recorder.frames.iter().collect();
    frames.sort_by_key(|frame| frame.time);
    let frames: Vec<_> = frames.into_iter().cloned().collect();
    pcap::write(&mut file, Link::Ethernet.link_type(), &frames).unwrap();
    replay(&path)
}

fn replay(path: &Path) -> Vec<Value> {
    let replayed = program::replay(path, &["--format", "native", "--home-net", "10.0.0.0/8"]);
    assert_eq!(replayed.code, 0, "{}", replayed.told);
    replayed.alerts()
}

fn closed(records: &[Value]) -> Vec<&Value> {
    records.iter().filter(|record| record["state"] == "closed").collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The details of all reasons of an incident.
fn details(incident: &Value) -> String {
    let evidence = incident["evidence"].as_array().unwrap();
    evidence.iter().map(|one| format!("{}\n", text(one, "detail"))).collect()
}

/// A ClientHello that names `server` and little else.
fn client_hello(server: &str) -> Vec<u8> {
    let length = |part: &[u8]| (part.len() as u16).to_be_bytes();
    let name = [&[0][..], &length(server.as_bytes()), server.as_bytes()].concat();
    let list = [&length(&name)[..], &name].concat();
    let extensions = [&[0, 0][..], &length(&list), &list].concat();
    let body = [
        &[3, 3][..],
        &[7; 32],                     // random
        &[0, 0, 2, 0x13, 0x01, 1, 0], // no session, one cipher suite, no compression
        &length(&extensions),
        &extensions,
    ]
    .concat();
    let message = [&[1, 0][..], &length(&body), &body].concat();
    [&[22, 3, 1][..], &length(&message), &message].concat()
}

/// A question for the address of [`LISTED`] over TCP.
fn question() -> Vec<u8> {
    let name = dns::encode(LISTED);
    let message = [&[0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &name, &[0, 1, 0, 1]].concat();
    [&(message.len() as u16).to_be_bytes()[..], &message].concat()
}

fn in_a_connection_joined_midstream_the_end_that_asks_is_to_blame() {
    // Servers have the lower port nearly always; not here, and no SYN tells.
    let ends = ends("10.30.0.7:33000", "198.51.100.9:48080");
    let wire = Wire { skip: 1e-9, ..Wire::default() };
    let connect = format!("CONNECT {LISTED}:3333 HTTP/1.1\r\nHost: {LISTED}:3333\r\n\r\n");
    let get = format!("GET / HTTP/1.1\r\nHost: {LISTED}\r\n\r\n");
    let mut socks = b"\x05\x01\x00".to_vec();
    socks.extend([&[5, 1, 0, 3, LISTED.len() as u8][..], LISTED.as_bytes(), &[13, 5]].concat());
    for (kind, said) in [
        ("tls-sni", client_hello(LISTED)),
        ("http-host", get.into_bytes()),
        ("tunnel-target", connect.into_bytes()),
        ("tunnel-target", socks),
        ("dns-query", question()),
    ] {
        let mut recorder = recorder();
        let mut script = Script::default();
        script.say(Miner, said);
        if kind == "tunnel-target" {
            let socks = script.conversation.messages[0].bytes[0] == 5;
            let answer: &[u8] = match socks {
                true => b"\x05\x00\x05\x00\x00\x01\0\0\0\0\0\0",
                false => b"HTTP/1.1 200 Connection established\r\n\r\n",
            };
            script.say(Pool, answer);
        }
        recorder.connection(SECOND, ends, &script.finish(), &wire);
        let records = records(&recorder);
        let incidents = closed(&records);
        assert_eq!(incidents.len(), 1, "{kind}: {records:#?}");
        assert_eq!(text(&incidents[0]["host"], "ip"), "10.30.0.7", "{kind}");
        let evidence = incidents[0]["evidence"].as_array().unwrap();
        assert!(evidence.iter().any(|one| text(one, "kind") == kind), "{kind}: {evidence:?}");
        assert_eq!(text(&incidents[0]["flow"], "src_ip"), "10.30.0.7");
    }
}

fn what_is_reached_through_a_proxy_does_not_make_the_proxy_a_pool() {
    let ends = ends("10.30.0.7:41000", "10.30.0.254:3128");
    let connect = format!("CONNECT {LISTED}:443 HTTP/1.1\r\nHost: {LISTED}:443\r\n\r\n");
    let mut script = Script::default();
    script.say(Miner, connect.into_bytes());
    script.say(Pool, &b"HTTP/1.1 200 Connection established\r\n\r\n"[..]);
    script.say(Miner, client_hello(LISTED));
    let mut recorder = recorder();
    recorder.connection(SECOND, ends, &script.finish(), &Wire::default());
    let records = records(&recorder);
    let incident = closed(&records)[0];
    assert!(details(incident).contains(LISTED));
    for record in &records {
        assert_eq!(text(&record["pool"], "domain"), LISTED);
        assert!(record["pool"]["ip"].is_null(), "{record:#}");
    }
}

fn of_two_p2pool_peers_the_one_inside_is_the_host_whoever_opened_the_connection() {
    let plan = Dialect::P2Pool.typical();
    for (opener, listener) in
        [("10.30.0.7:41000", "198.51.100.9:37889"), ("198.51.100.9:41000", "10.30.0.7:37889")]
    {
        let conversation = Dialect::P2Pool.converse(&plan, &mut Rng::new(3));
        let mut recorder = recorder();
        recorder.connection(SECOND, ends(opener, listener), &conversation, &Wire::default());
        let records = records(&recorder);
        let incident = closed(&records)[0];
        assert_eq!(text(&incident["host"], "ip"), "10.30.0.7");
        assert_eq!(text(&incident["pool"], "ip"), "198.51.100.9");
    }
}

fn an_alert_names_the_machine_as_it_told_the_dhcp_server() {
    let mut recorder = recorder();
    let request = dhcp::request([2; 6], "10.30.0.7".parse().unwrap(), "lab-pc-7");
    let ends = ends("10.30.0.7:41000", "198.51.100.9:3333");
    let [nobody, all] = ["0.0.0.0:68", "255.255.255.255:67"].map(|end| end.parse().unwrap());
    recorder.datagram(SECOND, nobody, all, &request);
    recorder.connection(2 * SECOND, ends, &mining(WALLET, None), &Wire::default());
    let records = records(&recorder);
    for record in &records {
        let names = record["host"]["names"].as_array().unwrap();
        assert_eq!(names.len(), 1, "{record:#}");
        assert_eq!((text(&names[0], "name"), text(&names[0], "source")), ("lab-pc-7", "dhcp"));
        assert!(text(record, "summary").starts_with("10.30.0.7 (lab-pc-7, "), "{record:#}");
    }
}

fn a_host_that_mines_through_itself_is_the_client_of_its_flow() {
    // A mining proxy on the same machine, which often has the lower port.
    let ends = ends("10.30.0.7:51000", "10.30.0.7:3333");
    let mut recorder = recorder();
    recorder.connection(SECOND, ends, &mining(WALLET, None), &Wire::default());
    let records = records(&recorder);
    let incident = closed(&records)[0];
    assert_eq!(text(&incident["host"], "ip"), "10.30.0.7");
    assert_eq!(incident["flow"]["src_port"], 51_000);
    assert_eq!(incident["flow"]["dest_port"], 3333);
}

fn behind_a_proxy_the_address_asked_for_is_the_pools() {
    let ends = ends("10.30.0.7:33000", "10.30.0.254:3128");
    let mut recorder = recorder();
    let mut script = Script::default();
    script
        .say(Miner, "CONNECT 91.121.140.167:3333 HTTP/1.1\r\nHost: x\r\n\r\n")
        .say(Pool, "HTTP/1.1 200 Connection established\r\n\r\n");
    recorder.connection(SECOND, ends, &script.finish(), &Wire::default());
    let records = records(&recorder);
    let pool = &closed(&records)[0]["pool"];
    assert_eq!((text(pool, "ip"), &pool["port"]), ("91.121.140.167", &Value::from(3333)));
    assert_eq!(pool["domain"], Value::Null);
}

fn a_proxy_is_never_taken_for_the_pool_that_it_was_asked_for() {
    for (request, port) in [
        (format!("CONNECT {LISTED}:3333 HTTP/1.1\r\nHost: {LISTED}:3333\r\n\r\n"), 3333.into()),
        (format!("GET http://{LISTED}/ HTTP/1.1\r\nHost: {LISTED}\r\n\r\n"), Value::Null),
    ] {
        let mut recorder = recorder();
        let mut script = Script::default();
        script.say(Miner, request).say(Pool, "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
        let ends = ends("10.30.0.7:33000", "10.30.0.254:3128");
        recorder.connection(SECOND, ends, &script.finish(), &Wire::default());
        let records = records(&recorder);
        let pool = &closed(&records)[0]["pool"];
        assert_eq!((text(pool, "domain"), text(pool, "name")), (LISTED, "SupportXMR"));
        assert_eq!((&pool["ip"], &pool["port"]), (&Value::Null, &port));
    }
}

/// A miner of Monero with five shares; at the end its pool may send it elsewhere.
fn mining(wallet: &str, redirect: Option<(&str, u16)>) -> Conversation {
    let plan = Plan {
        wallet: wallet.into(),
        shares: 5,
        redirect: redirect.map(|(host, port)| (host.into(), port)),
        ..Dialect::Monero.typical()
    };
    Dialect::Monero.converse(&plan, &mut Rng::new(3))
}

const WALLET: &str = minewatch_generator::story::MONERO_WALLET;
const OTHER_WALLET: &str = "8BpGhzPcuNgLFfWjLuNKAHWMnRnsWVahRCjGmobtueXd2GvfDtcn64EaGne1nna37ZP5mQHchq7rbD5XctqSTC5nGWxLTmn";

/// A miner at `192.0.2.11` that is sent to `target`, and its login there, at `192.0.2.22`.
fn redirected(target: &str, wallet: &str, looked_up: bool) -> Vec<Value> {
    let (host, resolver) = (ip("10.30.0.8"), ip("10.30.0.1"));
    let mut recorder = recorder();
    recorder.lookup(SECOND, host, resolver, "a.first.example", Some(ip("192.0.2.11")));
    let first = mining(WALLET, Some((target, 5555)));
    let at = SECOND * 2;
    recorder.connection(at, ends("10.30.0.8:40001", "192.0.2.11:3333"), &first, &Wire::default());
    let at = at + first.end() + 5 * SECOND;
    if looked_up {
        recorder.lookup(at, host, resolver, "eu.second.example", Some(ip("192.0.2.22")));
    }
    let second = mining(wallet, None);
    let ends = ends("10.30.0.8:40002", "192.0.2.22:5555");
    recorder.connection(at + SECOND, ends, &second, &Wire::default());
    records(&recorder)
}

fn where_a_pool_sends_its_miner_is_the_same_incident() {
    for (target, looked_up) in
        [("eu.second.example", true), ("EU.Second.example.", true), ("192.0.2.22", false)]
    {
        for wallet in [WALLET, OTHER_WALLET] {
            let records = redirected(target, wallet, looked_up);
            let incidents = closed(&records);
            assert_eq!(incidents.len(), 1, "{target}: {incidents:#?}");
            assert_eq!(incidents[0]["mining"]["shares"]["submitted"], 10);
            assert_eq!(incidents[0]["mining"]["connections"], 2);
            let details = details(incidents[0]);
            for pool in ["192.0.2.11:3333", "192.0.2.22:5555"] {
                let share = |line: &str| line.starts_with("share") && line.contains(pool);
                assert!(details.lines().any(share), "{target}: {details}");
            }
        }
    }
}

fn without_a_redirect_another_pool_and_another_wallet_are_another_incident() {
    let records = redirected("elsewhere.example", OTHER_WALLET, true);
    assert_eq!(closed(&records).len(), 2);
}

fn the_records_of_an_incident_are_in_order_however_late_its_connection_is_given_up() {
    let mut recorder = recorder();
    let (host, resolver) = (ip("10.30.0.8"), ip("10.30.0.1"));
    let wire = Wire { close: false, ..Wire::default() };
    let talk = mining(WALLET, None);
    recorder.connection(SECOND, ends("10.30.0.8:40001", "192.0.2.11:3333"), &talk, &wire);
    let late = SECOND + talk.end() + 3 * 3600 * SECOND;
    recorder.lookup(late, host, resolver, "www.example", None);
    let records = records(&recorder);
    assert_eq!(text(records.last().unwrap(), "state"), "closed");
    let times: Vec<&str> = records.iter().map(|record| text(record, "time")).collect();
    assert!(times.is_sorted(), "{times:?}");
    let idle = records.iter().filter(|record| text(record, "time") > text(record, "last_seen"));
    assert_eq!(idle.count(), 1, "nothing is told of silence but its end: {records:#?}");
}

/// Some seconds with a pool that refuses the login.
fn refused() -> Conversation {
    let mut script = Script::default();
    script
        .line(Miner, r#"{"id": 1, "method": "mining.subscribe", "params": ["cgminer/3.7.2"]}"#)
        .line(Pool, r#"{"id":1,"result":[[["mining.notify","a1"]],"08000002",4],"error":null}"#)
        .line(Miner, r#"{"id": 2, "method": "mining.authorize", "params": ["Bitcoin", "x"]}"#)
        .line(Pool, r#"{"id":2,"result":null,"error":[24,"Unauthorized worker",null]}"#);
    script.finish()
}

/// A host that tries `count` pools, a second after another; the first by a listed name.
fn prober(count: u8) -> (Recorder, u64) {
    let mut recorder = recorder();
    let (host, resolver) = (ip("10.30.0.9"), ip("10.30.0.1"));
    let mut at = SECOND;
    recorder.lookup(at, host, resolver, LISTED, Some(ip("192.0.2.1")));
    recorder.lookup(at, host, resolver, "xmr.nanopool.org", None);
    for number in 1..=count {
        let ends = Ends {
            miner: SocketAddr::from(([10, 30, 0, 9], 41_000 + u16::from(number))),
            pool: SocketAddr::from(([192, 0, 2, number], 3333)),
        };
        recorder.connection(at + SECOND, ends, &refused(), &Wire::default());
        at += 2 * SECOND;
    }
    (recorder, at)
}

fn what_a_prober_had_tried_before_it_was_known_becomes_part_of_its_probe() {
    let (recorder, _) = prober(12);
    let records = records(&recorder);
    let (parts, probes): (Vec<_>, Vec<_>) =
        closed(&records).into_iter().partition(|one| text(one, "summary").contains("part of"));
    let [probe] = probes[..] else { panic!("{probes:#?}") };
    assert_eq!(text(probe, "verdict"), "probe");
    assert_eq!(text(probe, "severity"), "low");
    assert_eq!(probe["mining"]["connections"], 12);
    let first = records.iter().map(|one| text(one, "first_seen")).min();
    assert_eq!(Some(text(probe, "first_seen")), first, "it began with the first lookup");
    // All that was told before leads there, and nothing is left behind.
    let id = text(probe, "incident");
    assert!(!parts.is_empty());
    for part in &parts {
        assert_eq!((text(part, "verdict"), text(part, "severity")), ("probe", "low"));
        assert!(text(part, "summary").ends_with(&format!("part of incident {id}")), "{part:#?}");
    }
    let told: Vec<String> =
        records.iter().filter(|one| text(one, "incident") == id).map(details).collect();
    let told = told.concat();
    for number in 1..=12 {
        assert!(told.contains(&format!("192.0.2.{number}:3333")), "{number}: {told}");
    }
    assert!(told.contains(LISTED) && told.contains("xmr.nanopool.org"), "{told}");
}

fn a_prober_that_mines_has_an_incident_of_that() {
    let (mut recorder, at) = prober(12);
    let ends = ends("10.30.0.9:42000", "192.0.2.99:3333");
    recorder.connection(at, ends, &mining(WALLET, None), &Wire::default());
    let records = records(&recorder);
    let incidents = closed(&records);
    let of = |verdict: &str| incidents.iter().filter(|one| text(one, "verdict") == verdict).count();
    assert_eq!(of("active"), 1, "{incidents:#?}");
    let active = incidents.iter().find(|one| text(one, "verdict") == "active").unwrap();
    assert_eq!(text(active, "severity"), "critical");
    assert_eq!(active["mining"]["shares"]["submitted"], 5);
    assert_eq!(active["mining"]["connections"], 1);
    assert_eq!(of("attempt") + of("session") + of("contact"), 0);
}
