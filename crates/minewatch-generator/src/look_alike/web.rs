//! Web pages and scientific computing.

use super::{Scene, http, lines};
use crate::carrier::websocket;
use crate::conversation::{Conversation, Script, Speaker};
use crate::rng::Rng;

pub const SCENES: &[Scene] = &[
    Scene {
        name: "dashboard",
        told: "A browser shows the statistics page of a mining pool.",
        connections: |rng| {
            let said = [
                "C GET /api/pool/stats",
                r#"S {"pool_list":["pplns"],"pool_statistics":{"hashRate":181234567,"miners":3412,"totalHashes":9007199254740993}}"#,
                "C GET /api/miner/472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6VNX3xz37agPrRSd5QErRjajcJvdVUyGfFGVoyrRUT76UTeAxrY2HTdCbVmY5q/stats",
                r#"S {"hash":0,"identifier":"global","lastHash":1767590000,"totalHashes":0,"validShares":0,"invalidShares":0}"#,
            ];
            vec![(80, http(6, rng, "/", &said))]
        },
    },
    Scene {
        name: "ticker",
        told: "A page shows coin prices and new blocks, pushed over WebSocket.",
        connections: |rng| {
            let prices = [
                r#"C {"type":"subscribe","params":{"channel":"ticker","pair":"XMR/USD"}}"#,
                r#"S {"type":"ticker","params":{"pair":"XMR/USD","price":"312.40"}}"#,
                r#"S {"type":"job","params":{"id":"refresh","delay":30}}"#,
            ];
            let heads = [
                r#"C {"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"#,
                r#"S {"jsonrpc":"2.0","id":1,"result":"0x9cef478923ff08bf67fde6c64013158d"}"#,
                r#"S {"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x9cef478923ff08bf67fde6c64013158d","result":{"difficulty":"0x0","number":"0x1459f2a"}}}"#,
            ];
            vec![(80, socket(rng, &prices)), (8546, socket(rng, &heads))]
        },
    },
    Scene {
        name: "health-check",
        told: "A monitor asks a pool's port over HTTP whether it is there.",
        connections: |_| {
            let mut script = Script::default();
            script
                .say(Speaker::Miner, "GET / HTTP/1.1\r\nHost: pool.example:3333\r\nUser-Agent: curl/8.14.1\r\n\r\n")
                .say(
                    Speaker::Pool,
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 22\r\nConnection: close\r\n\r\nStratum server online\n",
                );
            vec![(3333, script.finish())]
        },
    },
    Scene {
        name: "boinc",
        told: "A volunteer computing client asks its project for work and reports results.",
        connections: |_| {
            let mut script = Script::default();
            for number in 0..5 {
                let request = format!(
                    "<scheduler_request>\n<authenticator>0123456789abcdef</authenticator>\n<work_req_seconds>86400</work_req_seconds>\n<result><name>wu_{number}</name><state>5</state></result>\n</scheduler_request>\n"
                );
                let reply = format!(
                    "<scheduler_reply>\n<request_delay>303</request_delay>\n<workunit><name>wu_{}</name></workunit>\n</scheduler_reply>\n",
                    number + 1
                );
                script
                    .wait(303_000_000)
                    .say(Speaker::Miner, format!("POST /cgi HTTP/1.1\r\nHost: boinc.example.org\r\nUser-Agent: BOINC client (x86_64-pc-linux-gnu 8.2.4)\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{request}", request.len()))
                    .say(Speaker::Pool, format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{reply}", reply.len()));
            }
            vec![(80, script.finish())]
        },
    },
];

fn socket(rng: &mut Rng, said: &[&str]) -> Conversation {
    let mut conversation = lines(8, rng, said);
    websocket::wrap(&mut conversation, websocket::Style::default(), rng);
    conversation
}
