//! Plays conversations to the mining parser and keeps what it reports.

use minewatch::model::event::mining::ConversationStage;
use minewatch::model::event::mining::{Carrier, MiningSession};
use minewatch::model::event::{Event, EventSink, HttpRequest, Moment};
use minewatch::model::flow::{Flow, FlowFlags, Transport};
use minewatch::model::{Direction, Timestamp};
use minewatch::protocol::parser::{Context, Next, Scratch};
use minewatch::protocol::stratum::StratumConversation;

use super::flow;

pub const XMR: &str = "472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6VNX3xz37agPrRSd5QErRjajcJvdVUyGfFGVoyrRUT76UTeAxrY2HTdCbVmY5q";
pub const ETH: &str = "0xE1C325306ce62691b71DC61656b7Db78a939bdB0";
pub const RVN: &str = "RNevnuWG1KCEjEgdz98iXypNJXBBZbZcwv";
pub const ZEC: &str = "t1VF1UFHgpRvFNz25FubfnXPyDWinUgXkEr";
pub const KAS: &str = "kaspa:qr5n0xxa5l6r4fgthwnsga0futjhfe49ctvl75xc73sscfkke5052yyhyl99u";
pub const LTC: &str = "LPwhspPejhksjg8c8NmJmHhmss7aMh7DUT";
pub const BTC: &str = "bc1p79qy9tnrkutajwyf5yy94lsg7ka48fxyxfdlm8fq7u0jtxtma04q7zzxx6";

/// Keeps all mining events.
#[derive(Default)]
pub struct Sink(pub Vec<MiningSession>);

impl EventSink for Sink {
    fn event(&mut self, _: &Flow, _: Moment, event: Event<'_>) {
        if let Event::Mining(session) = event {
            self.0.push(session.clone());
        }
    }
}

pub fn flow() -> Flow {
    flow::flow(Transport::Tcp, 50210, 3333)
}

/// One conversation in progress.
pub struct Play {
    pub flow: Flow,
    pub sink: Sink,
    pub conversation: StratumConversation,
    scratch: Scratch,
    pub now: Timestamp,
    packet: u64,
    pub next: Next,
}

impl Play {
    pub fn new() -> Self {
        Play::inside(flow(), Vec::new())
    }

    pub fn inside(flow: Flow, carriers: Vec<Carrier>) -> Self {
        Play {
            flow,
            sink: Sink::default(),
            conversation: StratumConversation::new(carriers, None),
            scratch: Scratch::default(),
            now: Timestamp::from_parts(1_700_000_000, 0),
            packet: 0,
            next: Next::More,
        }
    }

    pub fn midstream() -> Self {
        let mut flow = flow();
        flow.flags.set(FlowFlags::MIDSTREAM);
        Play::inside(flow, Vec::new())
    }

    pub fn http() -> Self {
        Play::inside(flow(), vec![Carrier::Http])
    }

    fn with<R>(&mut self, act: impl FnOnce(&mut StratumConversation, &mut Context<'_>) -> R) -> R {
        self.packet += 1;
        let at = Moment { time: self.now, packet: self.packet };
        let mut context =
            Context { flow: &self.flow, at, scratch: &mut self.scratch, sink: &mut self.sink };
        act(&mut self.conversation, &mut context)
    }

    pub fn wait(&mut self, seconds: u64) -> &mut Self {
        self.now = self.now.plus(std::time::Duration::from_secs(seconds));
        self
    }

    pub fn data(&mut self, direction: Direction, bytes: &[u8], gap: u64) -> &mut Self {
        if self.next == Next::More {
            self.next = self.with(|c, ctx| c.data(ctx, direction, bytes, gap));
        }
        self
    }

    /// Plays a line of the client.
    pub fn c(&mut self, line: &str) -> &mut Self {
        self.data(Direction::ToServer, format!("{line}\n").as_bytes(), 0)
    }

    /// Plays a line of the server.
    pub fn s(&mut self, line: &str) -> &mut Self {
        self.data(Direction::ToClient, format!("{line}\n").as_bytes(), 0)
    }

    pub fn message(&mut self, direction: Direction, payload: &str) -> &mut Self {
        if self.next == Next::More {
            self.next = self.with(|c, ctx| c.message(ctx, direction, payload.as_bytes()));
        }
        self
    }

    /// Plays an HTTP request with a body.
    pub fn post(&mut self, target: &str, agent: &str, body: &str) -> &mut Self {
        let request = HttpRequest {
            method: "POST".into(),
            target: target.into(),
            user_agent: Some(agent.into()),
            ..HttpRequest::default()
        };
        self.with(|c, ctx| c.http_request(ctx, &request));
        self.message(Direction::ToServer, body)
    }

    pub fn reply(&mut self, body: &str) -> &mut Self {
        self.message(Direction::ToClient, body)
    }

    /// Ends the connection. `None` if nothing was ever reported.
    pub fn end(&mut self) -> Option<MiningSession> {
        if self.next == Next::More {
            self.with(|c, ctx| c.close(ctx));
        }
        self.sink.0.last().cloned()
    }

    /// Ends the connection; there must have been mining.
    pub fn done(&mut self) -> MiningSession {
        self.end().expect("nothing was reported")
    }
}

/// The verdicts to which the stages lead, lowest first.
pub fn rungs(session: &MiningSession) -> Vec<&'static str> {
    let verdict = |stage| match stage {
        ConversationStage::Requested => "attempt",
        ConversationStage::Answered => "session",
        ConversationStage::WorkDelivered => "mining",
        ConversationStage::ShareSubmitted => "active",
    };
    session.steps.iter().map(|step| verdict(step.stage)).collect()
}

pub fn stage(session: &MiningSession) -> ConversationStage {
    session.stage().unwrap()
}

/// `digits` hexadecimal digits that depend on `seed`.
pub fn hex(seed: u64, digits: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..digits)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from_digit((state >> 60) as u32, 16).unwrap()
        })
        .collect()
}

/// A whole Monero conversation: (from the client?, line).
pub fn monero() -> Vec<(bool, String)> {
    let session = "6a1f0c5e-2f0b-4d6e-9b8d-3f1f2b7e5a90";
    let job = |id: &str, target: &str, n| {
        format!(
            r#"{{"blob":"{}","job_id":"{id}","target":"{target}","algo":"rx/0","height":{},"seed_hash":"{}"}}"#,
            hex(n, 152),
            3_412_345 + n,
            hex(9, 64)
        )
    };
    let submit = |id: u64, job: &str| {
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","params":{{"id":"{session}","job_id":"{job}","nonce":"{}","result":"{}","algo":"rx/0"}}}}"#,
            hex(id, 8),
            hex(id, 64)
        )
    };
    let ok = |id: u64| {
        format!(r#"{{"id":{id},"jsonrpc":"2.0","error":null,"result":{{"status":"OK"}}}}"#)
    };
    vec![
        (
            true,
            format!(
                r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{XMR}.rig7","pass":"x","agent":"XMRig/6.26.0 (Linux x86_64)","rigid":"build-07","algo":["rx/0","cn/r"]}}}}"#
            ),
        ),
        (
            false,
            format!(
                r#"{{"id":1,"jsonrpc":"2.0","error":null,"result":{{"id":"{session}","job":{},"extensions":["keepalive"],"status":"OK"}}}}"#,
                job("j1", "b88d0600", 1)
            ),
        ),
        (true, submit(17, "j1")),
        (false, ok(17)),
        (
            false,
            format!(r#"{{"jsonrpc":"2.0","method":"job","params":{}}}"#, job("j2", "285c8f02", 2)),
        ),
        (true, submit(18, "j2")),
        (true, submit(19, "j1")),
        (false, ok(18)),
        (
            false,
            r#"{"id":19,"jsonrpc":"2.0","error":{"code":-1,"message":"Block expired"}}"#.into(),
        ),
        (
            true,
            format!(
                r#"{{"id":20,"jsonrpc":"2.0","method":"keepalived","params":{{"id":"{session}"}}}}"#
            ),
        ),
        (
            false,
            r#"{"id":20,"jsonrpc":"2.0","error":null,"result":{"status":"KEEPALIVED"}}"#.into(),
        ),
        (true, submit(21, "j2")),
    ]
}

/// A whole Bitcoin conversation.
pub fn bitcoin() -> Vec<(bool, String)> {
    let notify = |id: &str| {
        format!(
            r#"{{"params":["{id}","{}","010000000100000000000000000000000000000000000000000000000000000000000000000000000000ffffffff5c03f9a10d{}","{}ac00000000",["{}"],"20000000","17034219","65f1a2c0",true],"id":null,"method":"mining.notify"}}"#,
            hex(1, 64),
            hex(2, 40),
            hex(3, 60),
            hex(4, 64)
        )
    };
    let submit = |id: u64, job: &str| {
        format!(
            r#"{{"params": ["{BTC}.rig1","{job}","00000001","65f1a2c0","{}"], "id": {id}, "method": "mining.submit"}}"#,
            hex(id, 8)
        )
    };
    let line = |client: bool, text: &str| (client, text.to_owned());
    vec![
        line(
            true,
            r#"{"id": 0, "method": "mining.configure", "params": [["version-rolling"],{"version-rolling.mask":"1fffe000"}]}"#,
        ),
        line(
            false,
            r#"{"id":0,"result":{"version-rolling":true,"version-rolling.mask":"18000000"},"error":null}"#,
        ),
        line(true, r#"{"id": 1, "method": "mining.subscribe", "params": ["cgminer/4.12.1"]}"#),
        line(
            false,
            r#"{"id":1,"result":[[["mining.set_difficulty","b4b6693b"],["mining.notify","ae6812eb"]],"08000002",4],"error":null}"#,
        ),
        (
            true,
            format!(r#"{{"id": 2, "method": "mining.authorize", "params": ["{BTC}.rig1","x"]}}"#),
        ),
        line(false, r#"{"id":null,"method":"mining.set_difficulty","params":[4096]}"#),
        (false, notify("8f8")),
        line(false, r#"{"id":2,"result":true,"error":null}"#),
        (true, submit(4, "8f8")),
        line(false, r#"{"id":null,"method":"mining.set_difficulty","params":[8192]}"#),
        (false, notify("8f9")),
        line(false, r#"{"id":4,"result":true,"error":null}"#),
        (true, submit(4, "8f8")),
        (true, submit(4, "8f9")),
        line(false, r#"{"id":4,"result":null,"error":[23,"Low difficulty share",null]}"#),
        line(false, r#"{"id":4,"result":true,"error":null}"#),
        line(false, r#"{"id":7,"method":"client.get_version","params":[]}"#),
        line(true, r#"{"id":7,"result":"cgminer/4.12.1-beta","error":null}"#),
    ]
}

/// A whole eth-proxy conversation.
pub fn eth_proxy() -> Vec<(bool, String)> {
    let work = |id: &str, n: u64| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":["0x{}","0x{}","0x000000007fffffffffffffffffffffffffffffffffffffffffffffffffffffff","0x{:x}"]}}"#,
            hex(n, 64),
            hex(99, 64),
            4_800_000 + n
        )
    };
    let submit = |n: u64| {
        format!(
            r#"{{"id":4,"worker":"rig1","jsonrpc":"2.0","method":"eth_submitWork","params":["0x{}","0x{}","0x{}"]}}"#,
            hex(n + 50, 16),
            hex(n, 64),
            hex(n + 70, 64)
        )
    };
    let line = |client: bool, text: &str| (client, text.to_owned());
    vec![
        (
            true,
            format!(
                r#"{{"worker": "eth1.0", "jsonrpc": "2.0", "params": ["{ETH}.rig1", "x"], "id": 2, "method": "eth_submitLogin"}}"#
            ),
        ),
        line(false, r#"{"jsonrpc":"2.0","id":2,"result":true}"#),
        line(
            true,
            r#"{"worker": "", "jsonrpc": "2.0", "params": [], "id": 3, "method": "eth_getWork"}"#,
        ),
        (false, work("0", 1)),
        (true, submit(1)),
        (false, work("0", 2)),
        line(false, r#"{"id":4,"jsonrpc":"2.0","result":true}"#),
        (true, submit(1)),
        line(
            false,
            r#"{"id":4,"jsonrpc":"2.0","result":false,"error":{"code":23,"message":"Invalid share"}}"#,
        ),
        line(
            true,
            r#"{"id":6,"jsonrpc":"2.0","method":"eth_submitHashrate","params":["0x1d08a61","0x00"]}"#,
        ),
        line(false, r#"{"id":6,"jsonrpc":"2.0","result":true}"#),
        line(
            true,
            r#"{"worker": "", "jsonrpc": "2.0", "params": [], "id": 3, "method": "eth_getWork"}"#,
        ),
        (false, work("3", 3)),
        (true, submit(3)),
    ]
}

/// Plays lines in one segment each.
pub fn play(lines: &[(bool, String)]) -> Play {
    let mut play = Play::new();
    for (client, line) in lines {
        if *client {
            play.c(line)
        } else {
            play.s(line)
        };
        play.wait(1);
    }
    play
}
