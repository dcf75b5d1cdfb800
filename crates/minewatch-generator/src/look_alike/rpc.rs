//! Other remote procedure calls in JSON.

use super::{Scene, http, lines};
use crate::conversation::{Conversation, Script, Speaker};

pub const SCENES: &[Scene] = &[
    Scene {
        name: "electrum",
        told: "An Electrum wallet asks its server, in a protocol that was once called Stratum, too.",
        connections: |rng| {
            let said = [
                r#"C {"id":0,"method":"server.version","params":["electrum/4.5.5","1.4"]}"#,
                r#"S {"jsonrpc":"2.0","result":["ElectrumX 1.16.0","1.4"],"id":0}"#,
                r#"C {"id":1,"method":"blockchain.headers.subscribe","params":[]}"#,
                r#"S {"jsonrpc":"2.0","result":{"hex":"00000020aa","height":930000},"id":1}"#,
                r#"C {"id":2,"method":"blockchain.scripthash.subscribe","params":["8b01df4e368ea28f8dc0423bcf7a4923e3a12d307c875e47a0cfbf90b5c39161"]}"#,
                r#"S {"jsonrpc":"2.0","result":null,"id":2}"#,
                r#"S {"jsonrpc":"2.0","method":"blockchain.headers.subscribe","params":[{"hex":"00000020bb","height":930001}]}"#,
                r#"C {"id":3,"method":"server.ping","params":[]}"#,
                r#"S {"jsonrpc":"2.0","result":null,"id":3}"#,
            ];
            vec![(50_001, lines(10, rng, &said))]
        },
    },
    Scene {
        name: "dapp",
        told: "A decentralised application and a status page ask an Ethereum node over HTTP.",
        connections: |rng| {
            let said = [
                r#"C {"jsonrpc":"2.0","id":83,"method":"eth_blockNumber","params":[]}"#,
                r#"S {"jsonrpc":"2.0","id":83,"result":"0x1459f2a"}"#,
                r#"C {"jsonrpc":"2.0","id":4,"method":"eth_mining","params":[]}"#,
                r#"S {"jsonrpc":"2.0","id":4,"result":false}"#,
                r#"C {"jsonrpc":"2.0","id":5,"method":"eth_hashrate","params":[]}"#,
                r#"S {"jsonrpc":"2.0","id":5,"result":"0x0"}"#,
                r#"C {"jsonrpc":"2.0","id":8,"method":"eth_coinbase","params":[]}"#,
                r#"S {"jsonrpc":"2.0","id":8,"error":{"code":-32000,"message":"etherbase must be explicitly specified"}}"#,
                r#"C {"jsonrpc":"2.0","id":6,"method":"eth_getBlockByNumber","params":["latest",false]}"#,
                r#"S {"jsonrpc":"2.0","id":6,"result":{"difficulty":"0x0","hash":"0x9d2e","nonce":"0x0000000000000000"}}"#,
                r#"C {"jsonrpc":"2.0","id":7,"method":"engine_getPayloadV3","params":["0x01"]}"#,
                r#"S {"jsonrpc":"2.0","id":7,"result":null}"#,
            ];
            vec![(8545, http(8, rng, "/", &said))]
        },
    },
    Scene {
        name: "monero-wallet",
        told: "A Monero wallet and an explorer ask a node.",
        connections: |rng| {
            let said = [
                r#"C {"jsonrpc":"2.0","id":"0","method":"get_info"}"#,
                r#"S {"id":"0","jsonrpc":"2.0","result":{"difficulty":512345678901,"height":3412345,"status":"OK"}}"#,
                r#"C {"jsonrpc":"2.0","id":"0","method":"get_height"}"#,
                r#"S {"id":"0","jsonrpc":"2.0","result":{"height":3412345,"status":"OK"}}"#,
                r#"C {"jsonrpc":"2.0","id":"0","method":"get_balance","params":{"account_index":0}}"#,
                r#"S {"id":"0","jsonrpc":"2.0","result":{"balance":1000000000000,"unlocked_balance":1000000000000}}"#,
                "C GET /mining_status",
                r#"S {"active":false,"address":"","is_background_mining_enabled":false,"speed":0,"status":"OK","threads_count":0}"#,
            ];
            vec![(18_081, http(8, rng, "/json_rpc", &said))]
        },
    },
    Scene {
        name: "bitcoin-explorer",
        told: "A block explorer asks bitcoind about mining, and once for a template by hand.",
        connections: |rng| {
            let said = [
                r#"C {"id":1,"method":"getmininginfo","params":[]}"#,
                r#"S {"result":{"blocks":930000,"difficulty":146472570619930.8,"networkhashps":1.1e21},"error":null,"id":1}"#,
                r#"C {"id":2,"method":"getnetworkhashps","params":[]}"#,
                r#"S {"result":1.1e21,"error":null,"id":2}"#,
                r#"C {"id":3,"method":"getblockchaininfo","params":[]}"#,
                r#"S {"result":{"chain":"main","blocks":930000},"error":null,"id":3}"#,
            ];
            let once = [
                r#"C {"id":9,"method":"getblocktemplate","params":[{"rules":["segwit"]}]}"#,
                r#"S {"result":{"version":536870912,"previousblockhash":"00000000000000000001c0a6d9d3b2f1e4c5a69788776655443322110ffeeddc","transactions":[],"coinbasevalue":312500000,"longpollid":"00000000000000000001c0a6d9d3b2f1e4c5a69788776655443322110ffeeddc17","target":"000000000000000000017a000000000000000000000000000000000000000000","mintime":1767596400,"curtime":1767600000,"bits":"17017a00","height":930001},"error":null,"id":9}"#,
            ];
            vec![(8332, http(6, rng, "/", &said)), (8332, http(1, rng, "/", &once))]
        },
    },
    Scene {
        name: "lsp",
        told: "An editor talks to a language server and to a debugger: JSON behind Content-Length.",
        connections: |_| {
            let said = [
                r#"C {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":7,"rootUri":"file:///src","capabilities":{}}}"#,
                r#"S {"jsonrpc":"2.0","id":1,"result":{"capabilities":{"hoverProvider":true}}}"#,
                r#"C {"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///src/mining.rs","text":"mining.subscribe mining.notify"}}}"#,
                r#"S {"jsonrpc":"2.0","method":"textDocument/publishDiagnostics","params":{"uri":"file:///src/mining.rs","diagnostics":[]}}"#,
            ];
            let debugger = [
                r#"C {"seq":1,"type":"request","command":"initialize","arguments":{"adapterID":"miner"}}"#,
                r#"S {"seq":1,"type":"response","request_seq":1,"success":true,"command":"initialize","body":{}}"#,
                r#"C {"seq":2,"type":"request","command":"evaluate","arguments":{"expression":"job.submit(nonce)"}}"#,
                r#"S {"seq":2,"type":"response","request_seq":2,"success":true,"command":"evaluate","body":{"result":"true","type":"bool"}}"#,
            ];
            vec![(2087, content_length(&said)), (4711, content_length(&debugger))]
        },
    },
    Scene {
        name: "mcp",
        told: "A program calls tools of a Model Context Protocol server, one of them called submit.",
        connections: |rng| {
            let said = [
                r#"C {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","clientInfo":{"name":"editor","version":"1"}}}"#,
                r#"S {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","serverInfo":{"name":"jobs","version":"1"}}}"#,
                r#"C {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"submit","arguments":{"job_id":"17","result":"ok"}}}"#,
                r#"S {"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"job 17 accepted"}]}}"#,
            ];
            vec![(3001, content_length(&said)), (3001, lines(3, rng, &said))]
        },
    },
    Scene {
        name: "kodi",
        told: "A remote control talks to a Kodi media centre.",
        connections: |rng| {
            let said = [
                r#"C {"method":"JSONRPC.Ping","id":1,"jsonrpc":"2.0"}"#,
                r#"S {"id":1,"jsonrpc":"2.0","result":"pong"}"#,
                r#"S {"jsonrpc":"2.0","method":"Player.OnPlay","params":{"data":{"item":{"id":5,"type":"song"}},"sender":"xbmc"}}"#,
            ];
            vec![(9090, lines(10, rng, &said))]
        },
    },
    Scene {
        name: "erp-login",
        told: "Logins of another kind: a business application by JSON lines, Odoo and a router (ubus) by HTTP.",
        connections: |rng| {
            let raw = [
                r#"C {"jsonrpc":"2.0","id":1,"method":"login","params":{"login":"alice","pass":"x"}}"#,
                r#"S {"jsonrpc":"2.0","id":1,"result":{"id":"a81c","status":"OK"}}"#,
                r#"C {"jsonrpc":"2.0","id":2,"method":"search","params":{"model":"invoice","limit":20}}"#,
                r#"S {"jsonrpc":"2.0","id":2,"result":[]}"#,
                r#"C {"jsonrpc":"2.0","id":3,"method":"keepalive","params":{"id":"a81c"}}"#,
                r#"S {"jsonrpc":"2.0","id":3,"result":{"status":"KEEPALIVED"}}"#,
            ];
            let odoo = [
                r#"C {"jsonrpc":"2.0","method":"call","params":{"service":"common","method":"login","args":["db","admin","secret"]},"id":1}"#,
                r#"S {"jsonrpc":"2.0","id":1,"result":2}"#,
            ];
            let ubus = [
                r#"C {"jsonrpc":"2.0","id":1,"method":"call","params":["00000000000000000000000000000000","session","login",{"username":"root","password":"x"}]}"#,
                r#"S {"jsonrpc":"2.0","id":1,"result":[0,{"ubus_rpc_session":"c1ed6c7b025d0caca723a816fa61b668","timeout":300}]}"#,
            ];
            vec![
                (7070, lines(4, rng, &raw)),
                (8069, http(2, rng, "/jsonrpc", &odoo)),
                (80, http(2, rng, "/ubus", &ubus)),
            ]
        },
    },
    Scene {
        name: "ci-submit",
        told: "A build server hands out jobs and gets results, by the names that miners use.",
        connections: |rng| {
            let said = [
                r#"S {"jsonrpc":"2.0","method":"job","params":{"job_id":"4711","target":"release","blob":"git:0af3"}}"#,
                r#"C {"id":7,"method":"submit","params":{"id":"form-3","job_id":"4711","result":"ok"}}"#,
                r#"S {"id":7,"result":{"status":"OK"}}"#,
            ];
            vec![(9418, lines(12, rng, &said))]
        },
    },
    Scene {
        name: "downloader",
        told: "Front ends talk to aria2 and Transmission; Zabbix reports measurements.",
        connections: |rng| {
            let aria = [
                r#"C {"jsonrpc":"2.0","id":"q","method":"aria2.addUri","params":["token:x",["http://www.example.org/a.iso"]]}"#,
                r#"S {"id":"q","jsonrpc":"2.0","result":"2089b05ecca3d829"}"#,
            ];
            let transmission = [
                r#"C {"method":"torrent-get","arguments":{"fields":["id","rateDownload"]},"tag":1}"#,
                r#"S {"arguments":{"torrents":[]},"result":"success","tag":1}"#,
            ];
            let zabbix = r#"{"request":"agent data","data":[{"host":"srv1","key":"miner.hashrate","value":"0"}]}"#;
            let mut script = Script::default();
            let length = (zabbix.len() as u64).to_le_bytes();
            script
                .say(Speaker::Miner, [&b"ZBXD\x01"[..], &length, zabbix.as_bytes()].concat())
                .say(
                    Speaker::Pool,
                    b"ZBXD\x01\x16\0\0\0\0\0\0\0{\"response\":\"success\"}".to_vec(),
                );
            vec![
                (6800, http(6, rng, "/jsonrpc", &aria)),
                (9091, http(6, rng, "/transmission/rpc", &transmission)),
                (10_051, script.finish()),
            ]
        },
    },
];

/// JSON behind a header, as in the Language Server Protocol.
fn content_length(said: &[&str]) -> Conversation {
    let mut script = Script::default();
    for line in said.iter().cycle().take(said.len() * 3) {
        let (from, text) = super::spoken(line);
        script.wait(2_000_000).say(from, format!("Content-Length: {}\r\n\r\n{text}", text.len()));
    }
    script.finish()
}
