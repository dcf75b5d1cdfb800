//! What looks like mining and is none must stay silent, and be given up within bounded work.

use minewatch::model::Direction;
use minewatch::protocol::parser::{Next, Probe};
use minewatch::protocol::stratum::probe;

use crate::support::play::*;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        other_json_rpc_is_silent_and_settles,
        a_template_fetched_by_hand_is_no_mining,
        a_list_of_new_blocks_is_no_work,
        a_page_about_mining_is_no_mining,
        noise_is_given_up_at_once,
        the_first_bytes_tell_json_from_the_rest,
    ]
}

/// Plays (from the client?, line) pairs over a stream; nothing may be reported.
fn silent(name: &str, lines: &[(bool, &str)]) -> Next {
    let mut play = Play::new();
    for (client, line) in lines {
        if *client {
            play.c(line)
        } else {
            play.s(line)
        };
    }
    let next = play.next;
    assert_eq!(play.end(), None, "{name}");
    assert!(play.sink.0.is_empty(), "{name}");
    next
}

/// The same, repeated until the parser has given up.
fn silent_and_given_up(name: &str, lines: &[(bool, &str)]) {
    const ROUNDS: usize = 100;
    let repeated: Vec<_> = lines.iter().copied().cycle().take(ROUNDS * lines.len()).collect();
    assert_eq!(silent(name, &repeated), Next::Reject, "{name}");
}

fn other_json_rpc_is_silent_and_settles() {
    let cases: &[(&str, &[(bool, &str)])] = &[
        (
            "Electrum",
            &[
                (true, r#"{"id":0,"method":"server.version","params":["electrum/4.5.5","1.4"]}"#),
                (false, r#"{"id":0,"result":["ElectrumX 1.16","1.4"],"jsonrpc":"2.0"}"#),
                (true, r#"{"id":1,"method":"blockchain.headers.subscribe","params":[]}"#),
                (false, r#"{"id":1,"result":{"hex":"00","height":880001}}"#),
                (
                    true,
                    r#"{"id":2,"method":"blockchain.scripthash.subscribe","params":["8b01df4e368ea28f8dc0423bcf7a4923e3a12d307c875e47a0cfbf90b5c39161"]}"#,
                ),
            ],
        ),
        (
            "a web3 wallet",
            &[
                (true, r#"{"jsonrpc":"2.0","id":83,"method":"eth_blockNumber","params":[]}"#),
                (false, r#"{"jsonrpc":"2.0","id":83,"result":"0x1499a3f"}"#),
                (true, r#"{"jsonrpc":"2.0","id":4,"method":"eth_mining","params":[]}"#),
                (false, r#"{"jsonrpc":"2.0","id":4,"result":false}"#),
                (true, r#"{"jsonrpc":"2.0","id":5,"method":"eth_hashrate","params":[]}"#),
                (
                    true,
                    r#"{"jsonrpc":"2.0","id":6,"method":"eth_subscribe","params":["newHeads"]}"#,
                ),
                (
                    false,
                    r#"{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x1","result":{"number":"0x1"}}}"#,
                ),
            ],
        ),
        (
            "a wallet at its node",
            &[
                (true, r#"{"jsonrpc":"2.0","id":"0","method":"get_height"}"#),
                (false, r#"{"id":"0","jsonrpc":"2.0","result":{"height":3412345,"status":"OK"}}"#),
                (true, r#"{"jsonrpc":"2.0","id":"0","method":"get_info"}"#),
                (true, r#"{"jsonrpc":"2.0","id":"0","method":"getmininginfo","params":[]}"#),
                (true, r#"{"jsonrpc":"2.0","id":"0","method":"mining_status"}"#),
            ],
        ),
        (
            "a chat server",
            &[
                (
                    true,
                    r#"{"jsonrpc":"2.0","id":1,"method":"login","params":{"login":"alice","pass":"x"}}"#,
                ),
                (false, r#"{"jsonrpc":"2.0","id":1,"result":{"token":"abc","user":"alice"}}"#),
                (
                    true,
                    r#"{"jsonrpc":"2.0","id":2,"method":"send","params":{"text":"{\"method\":\"mining.subscribe\"}"}}"#,
                ),
                (
                    false,
                    r#"{"jsonrpc":"2.0","method":"message","params":{"from":"bob","text":"mining.notify"}}"#,
                ),
            ],
        ),
        (
            "Zabbix",
            &[
                (
                    true,
                    r#"{"jsonrpc":"2.0","method":"user.login","params":{"username":"Admin","password":"zabbix"},"id":1}"#,
                ),
                (false, r#"{"jsonrpc":"2.0","result":"0424bd59b807674191e7d77572075f33","id":1}"#),
            ],
        ),
        (
            "a build server",
            &[
                (true, r#"{"id":7,"method":"submit","params":{"id":"form-3","result":"ok"}}"#),
                (false, r#"{"id":7,"result":true}"#),
                (
                    false,
                    r#"{"method":"job","params":{"job_id":"118","state":"queued","target":"release"}}"#,
                ),
                (
                    true,
                    r#"{"id":8,"method":"submit","params":{"id":"form-3","job_id":"118","result":"ok"}}"#,
                ),
            ],
        ),
        (
            "a service with a login, jobs and forms",
            &[
                (
                    true,
                    r#"{"id":1,"method":"login","params":{"login":"alice","pass":"x","agent":"portal/2","algo":["HS256"]}}"#,
                ),
                (false, r#"{"id":1,"result":{"id":"s1","status":"OK"},"error":null}"#),
                (true, r#"{"id":2,"method":"getjob","params":{"id":"s1"}}"#),
                (
                    false,
                    r#"{"id":2,"result":{"job_id":"118","blob":"cGF5bG9hZA==","target":"prod"}}"#,
                ),
                (
                    true,
                    r#"{"id":3,"method":"submit","params":{"id":"s1","job_id":"118","result":"done"}}"#,
                ),
                (false, r#"{"id":3,"result":{"status":"OK"},"error":null}"#),
            ],
        ),
        (
            "a chat in a web page",
            &[
                (true, r#"{"type":"auth","params":{"site_key":"abc","token":"t"}}"#),
                (false, r#"{"type":"authed","params":{"token":"t"}}"#),
                (true, r#"{"type":"submit","params":{"job_id":"1","nonce":"x","result":"y"}}"#),
                (false, r#"{"message":"settings","theme":"dark"}"#),
            ],
        ),
        (
            "Kodi",
            &[
                (true, r#"{"method":"JSONRPC.Ping","id":1,"jsonrpc":"2.0"}"#),
                (false, r#"{"id":1,"jsonrpc":"2.0","result":"pong"}"#),
            ],
        ),
        (
            "a log stream",
            &[(
                true,
                r#"{"ts":1700000000,"level":"info","message":"{\"id\":1,\"method\":\"mining.subscribe\"}"}"#,
            )],
        ),
        (
            "a language server",
            &[
                (true, "Content-Length: 118\r\n\r"),
                (true, r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#),
            ],
        ),
        (
            "syslog and mail that quote mining",
            &[
                (
                    true,
                    r#"<34>Oct 11 22:14:15 host app: {"id":1,"method":"mining.subscribe","params":[]}"#,
                ),
                (false, r#"<pre>{"id":1,"method":"mining.subscribe","params":[]}</pre>"#),
            ],
        ),
    ];
    for (name, lines) in cases {
        silent(name, lines);
        silent_and_given_up(name, lines);
    }
}

fn a_template_fetched_by_hand_is_no_mining() {
    let mut play = Play::http();
    play.post("/", "bitcoin-cli", r#"{"method":"getblocktemplate","params":[{"rules":["segwit"]}],"id":1}"#)
        .reply(&format!(r#"{{"id":1,"error":null,"result":{{"previousblockhash":"{}","bits":"17034219","target":"00000000{}","coinbasevalue":1,"height":1,"transactions":[]}}}}"#, hex(1, 64), "f".repeat(56)));
    assert_eq!(play.end(), None);
}

fn a_list_of_new_blocks_is_no_work() {
    let ask = r#"{"jsonrpc":"2.0","id":9,"method":"eth_getFilterChanges","params":["0x1"]}"#;
    let hashes = [1, 2, 3].map(|seed| format!("\"0x{}\"", hex(seed, 64))).join(",");
    let list = format!(r#"{{"jsonrpc":"2.0","id":9,"result":[{hashes}]}}"#);
    silent("eth_getFilterChanges", &[(true, ask), (false, &list), (true, ask), (false, &list)]);
}

fn a_page_about_mining_is_no_mining() {
    let mut play = Play::http();
    play.reply(r#"{"id":1,"method":"mining.subscribe","params":[]}"#);
    play.reply(r#"{"id":1,"method":"mining.authorize","params":["a","b"]}"#);
    assert_eq!(play.end(), None);
}

fn noise_is_given_up_at_once() {
    let mut play = Play::new();
    for n in 0..64 {
        play.c(&hex(n, 80));
    }
    assert_eq!(play.next, Next::Reject);
    let mut play = Play::new();
    for n in 0..64 {
        play.data(Direction::ToServer, hex(n, 60_000).as_bytes(), 0);
    }
    assert!(play.end().is_none());
}

fn the_first_bytes_tell_json_from_the_rest() {
    let probe = |bytes: &[u8]| probe(Direction::ToServer, bytes);
    assert_eq!(probe(b""), Probe::Unsure);
    assert_eq!(probe(b"\r\n "), Probe::Unsure);
    assert_eq!(probe(br#"{"id":1,"meth"#), Probe::Unsure);
    assert_eq!(probe(br#"{"params":{}"#), Probe::Unsure);
    assert_eq!(probe(b"{\"id\":1,\"method\":\"login\",\"params\":{}}\n"), Probe::Certain);
    assert_eq!(probe(b"{\"method\":\"mining.subscribe\",\"params\":[]}\n{\"id\""), Probe::Certain);
    assert_eq!(probe(b"{\"identifier\":\"handshake\",\"login\":\"x\"}"), Probe::Certain);
    assert_eq!(probe(b"{\"level\":\"info\"}\n"), Probe::NotForUs);
    // A late start in the middle of a line.
    assert_eq!(probe(b"0f\"]}\n"), Probe::Unsure);
    assert_eq!(probe(b"0f\"]}\n{\"id\":4,\"result\":true}\n"), Probe::Certain);
    assert_eq!(probe(b"POST / HTTP/1.1\r\n\r\n{\"id\":4,\"method\":\"getwork\"}"), Probe::NotForUs);
    assert_eq!(probe(b"if (x) {\n}\n"), Probe::NotForUs);
    assert_eq!(probe(b"{broken}\n"), Probe::NotForUs);
    for other in [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01", b"SSH-2.0-", b"\x00\x00\x00"] {
        assert_eq!(probe(other), Probe::NotForUs);
    }
}
