//! Traffic that looks like mining and is none: sensors have to stay silent, or say `probe` where
//! somebody tries out pools.

mod nodes;
mod prober;
mod rpc;
mod text;
mod web;

use std::net::SocketAddr;

use crate::capture::{Capture, START};
use crate::conversation::{Conversation, Script, Speaker};
use crate::link::Link;
use crate::recorder::Recorder;
use crate::rng::Rng;
use crate::tcp::{Ends, Wire};
use crate::truth;

/// A scene of one client.
#[derive(Clone, Copy)]
struct Scene {
    name: &'static str,
    told: &'static str,
    /// What it says to servers at these ports, one after the other.
    connections: fn(&mut Rng) -> Vec<(u16, Conversation)>,
}

/// All captures, with the names of their files.
pub fn all() -> Vec<(&'static str, Capture)> {
    let scenes = [rpc::SCENES, text::SCENES, web::SCENES, nodes::SCENES, prober::SCENES].concat();
    let mut captures: Vec<_> =
        (1..).zip(&scenes).map(|(number, scene)| (scene.name, record(number, scene))).collect();
    captures.push(("ntp", nodes::ntp()));
    captures
}

fn record(number: u8, scene: &Scene) -> Capture {
    const SECOND: u64 = 1_000_000;
    let mut recorder = Recorder::new(Link::Ethernet, START, u64::from(number));
    let client = [10, 30, 0, number];
    let mut at = SECOND;
    let connections = (scene.connections)(&mut Rng::new(u64::from(number)));
    for (server, (port, conversation)) in (1..).zip(connections) {
        let miner: SocketAddr = (client, 41_000 + u16::from(server)).into();
        let ends = Ends { miner, pool: ([198, 51, 100, server], port).into() };
        recorder.connection(at, ends, &conversation, &Wire::default());
        at += conversation.end() + 2 * SECOND;
    }
    finish(scene.name, scene.told, recorder)
}

fn finish(name: &str, told: &str, recorder: Recorder) -> Capture {
    let link_type = Link::Ethernet.link_type();
    let file = format!("{name}.pcap");
    let mut truth = truth::File::of(&file, link_type, &recorder.frames, &recorder.streams);
    truth.told = Some(told.to_owned());
    Capture { link_type, frames: recorder.frames, truth }
}

/// A conversation in lines: `C ` and `S ` say who speaks. It is had `times` times, a few seconds
/// apart.
fn lines(times: usize, rng: &mut Rng, said: &[&str]) -> Conversation {
    let mut script = Script::default();
    for _ in 0..times {
        for line in said {
            let (from, text) = spoken(line);
            script.line(from, text);
        }
        script.wait(crate::plan::micros(rng.exponential(10.0)));
    }
    script.finish()
}

/// The same over HTTP: requests are `C ` and a body, or `C GET ` and a path.
fn http(times: usize, rng: &mut Rng, path: &str, said: &[&str]) -> Conversation {
    let mut conversation = lines(times, rng, said);
    let client = crate::carrier::http::Client {
        path: path.to_owned(),
        agent: "python-requests/2.32.3".to_owned(),
        port: 80,
        ..Default::default()
    };
    crate::carrier::http::wrap(&mut conversation, &client);
    conversation
}

fn spoken(line: &str) -> (Speaker, &str) {
    match line.split_once(' ') {
        Some(("C", text)) => (Speaker::Miner, text),
        Some(("S", text)) => (Speaker::Pool, text),
        _ => (Speaker::Miner, line),
    }
}

/// A mining conversation in lines, as documentation, logs and mail quote it.
const QUOTED: &[&str] = &[
    r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6VNX3xz37agPrRSd5QErRjajcJvdVUyGfFGVoyrRUT76UTeAxrY2HTdCbVmY5q","pass":"x","agent":"XMRig/6.26.0"}}"#,
    r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.12.1"]}"#,
    r#"{"id":2,"method":"mining.authorize","params":["12XAL4rzud65wNzmEYb4EowaoiKTgnPry8.rig1","x"]}"#,
    r#"{"id":4,"jsonrpc":"2.0","method":"submit","params":{"id":"1","job_id":"7","nonce":"d0030040","result":"454349e422f05297191ead13e21d3db520e5abef52055e4964b82fb213f593a1"}}"#,
    r#"{"id":4,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}"#,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_of_them_is_mining_and_names_are_unique() {
        let captures = all();
        for (name, capture) in &captures {
            let verdict = capture.truth.verdict;
            assert!(verdict.is_none() || verdict == Some("probe"), "{name}: {verdict:?}");
            assert!(capture.frames.len() > 1, "{name}");
        }
        let mut names: Vec<_> = captures.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), captures.len());
    }
}
