//! Texts that quote mining: documentation, logs, mail, chat, rules.

use super::{QUOTED, Scene};
use crate::capture::{Order, record};
use crate::conversation::{Conversation, Script, Speaker};
use crate::dialect::Dialect;
use crate::pcap;

pub const SCENES: &[Scene] = &[
    Scene {
        name: "documentation",
        told: "Somebody reads about mining protocols: a page, and a plain text whose lines are messages.",
        connections: |_| {
            let page = format!("<html><pre>\n{}\n</pre></html>\n", QUOTED.join("\n"));
            vec![
                (80, download("/stratum.html", "text/html", &page)),
                (80, download("/stratum.txt", "text/plain", &(QUOTED.join("\n") + "\n"))),
                (80, download("/examples.jsonl", "application/jsonl", &QUOTED.join("\n"))),
            ]
        },
    },
    Scene {
        name: "ids-rules",
        told: "A sensor downloads its rules.",
        connections: |_| {
            let rule = |(number, line): (usize, &&str)| {
                let content = line.replace('"', "|22|").replace(':', "|3a|");
                format!(
                    "alert tcp $HOME_NET any -> $EXTERNAL_NET any (msg:\"coin miner\"; flow:established,to_server; content:\"{content}\"; sid:{}; rev:1;)\n",
                    1_000_001 + number
                )
            };
            let rules: String = QUOTED.iter().enumerate().map(rule).collect();
            vec![(80, download("/coin.rules", "text/plain", &rules))]
        },
    },
    Scene {
        name: "chat",
        told: "People talk about mining on IRC and paste messages.",
        connections: |_| {
            let mut script = Script::default();
            script
                .say(Speaker::Miner, "NICK alice\r\nUSER alice 0 * :Alice\r\n")
                .say(Speaker::Pool, ":irc.example 001 alice :Welcome\r\n")
                .say(Speaker::Miner, "JOIN #mining\r\n");
            for line in QUOTED.iter().cycle().take(20) {
                script
                    .wait(9_000_000)
                    .say(Speaker::Miner, format!("PRIVMSG #mining :{line}\r\n"))
                    .wait(4_000_000)
                    .say(Speaker::Pool, format!(":bob!b@host PRIVMSG #mining :{line}\r\n"));
            }
            vec![(6667, script.finish())]
        },
    },
    Scene {
        name: "syslog",
        told: "A server sends its log, with a miner's messages in it, to a collector.",
        connections: |_| {
            let mut script = Script::default();
            for line in QUOTED.iter().cycle().take(30) {
                let entry = format!("<13>1 2026-01-05T08:00:00Z srv49 pool - - - {line}\n");
                script.wait(5_000_000).say(Speaker::Miner, entry);
            }
            vec![(514, script.finish())]
        },
    },
    Scene {
        name: "alert-shipper",
        told: "A sensor ships its own alerts about mining as JSON lines.",
        connections: |_| {
            let mut script = Script::default();
            for line in QUOTED.iter().cycle().take(30) {
                let payload = serde_json::to_string(line).unwrap_or_default();
                let alert = format!(
                    r#"{{"timestamp":"2026-01-05T08:00:00.000000+0000","event_type":"alert","alert":{{"signature":"coin miner","category":"Crypto Currency Mining Activity Detected"}},"payload_printable":{payload}}}"#
                );
                script.wait(5_000_000).line(Speaker::Miner, &alert);
            }
            vec![(5170, script.finish())]
        },
    },
    Scene {
        name: "log-index",
        told: "Somebody's mining log goes to a search index, each message as a document of its own.",
        connections: |_| {
            let documents: String =
                QUOTED.iter().map(|line| format!("{{\"create\":{{}}}}\n{line}\n")).collect();
            let mut script = Script::default();
            for _ in 0..5 {
                script
                    .wait(10_000_000)
                    .say(
                        Speaker::Miner,
                        format!(
                            "POST /miners/_bulk HTTP/1.1\r\nHost: index.example:9200\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n{documents}",
                            documents.len()
                        ),
                    )
                    .say(
                        Speaker::Pool,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 37\r\n\r\n{\"took\":7,\"errors\":false,\"items\":[]}",
                    );
            }
            vec![(9200, script.finish())]
        },
    },
    Scene {
        name: "capture-in-transit",
        told: "A capture of mining is copied to an analyst, over HTTP and over a bare connection.",
        connections: |_| {
            let file = mining_capture();
            let mut web = Script::default();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.tcpdump.pcap\r\nContent-Length: {}\r\n\r\n",
                file.len()
            );
            web.say(
                Speaker::Miner,
                "GET /incident.pcap HTTP/1.1\r\nHost: files.example.org\r\n\r\n",
            )
            .say(Speaker::Pool, [head.as_bytes(), &file].concat());
            let mut bare = Script::default();
            bare.say(Speaker::Miner, file);
            vec![(80, web.finish()), (9999, bare.finish())]
        },
    },
    Scene {
        name: "mail",
        told: "A mail with a miner's log.",
        connections: |_| {
            let body = QUOTED.join("\r\n");
            let mut script = Script::default();
            script
                .say(Speaker::Pool, "220 mail.example ESMTP\r\n")
                .say(Speaker::Miner, "EHLO client.example\r\n")
                .say(Speaker::Pool, "250 mail.example\r\n")
                .say(Speaker::Miner, "MAIL FROM:<alice@example.org>\r\n")
                .say(Speaker::Pool, "250 OK\r\n")
                .say(Speaker::Miner, "RCPT TO:<bob@example.org>\r\n")
                .say(Speaker::Pool, "250 OK\r\n")
                .say(Speaker::Miner, "DATA\r\n")
                .say(Speaker::Pool, "354 go ahead\r\n")
                .say(Speaker::Miner, format!("Subject: log\r\n\r\n{body}\r\n.\r\n"))
                .say(Speaker::Pool, "250 queued\r\n");
            vec![(25, script.finish())]
        },
    },
];

/// A small capture file of a miner's connection.
fn mining_capture() -> Vec<u8> {
    let order = Order { shares: 3, ..Order::new(Dialect::Monero, 1) };
    let mut file = Vec::new();
    if let Ok(capture) = record(&order, "") {
        // Writing to memory does not fail.
        let _ = pcap::write(&mut file, capture.link_type, &capture.frames);
    }
    file
}

/// A file fetched over HTTP.
fn download(path: &str, kind: &str, body: &str) -> Conversation {
    let mut script = Script::default();
    script
        .say(
            Speaker::Miner,
            format!("GET {path} HTTP/1.1\r\nHost: docs.example.org\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n"),
        )
        .say(
            Speaker::Pool,
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        );
    script.finish()
}
