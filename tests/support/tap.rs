//! Plays TCP connections to the inspector and keeps its events.

use minewatch::model::chunk::{Chunk, Interest};
use minewatch::model::event::mining::MiningSession;
use minewatch::model::event::{Event, EventSink, HttpRequest, Moment};
use minewatch::model::flow::{Flow, Transport};
use minewatch::model::{Direction, Timestamp};
use minewatch::protocol::inspector::Inspector;
use minewatch::protocol::parser::{Context, Scratch};

use super::flow::flow;

pub use Direction::{ToClient as S, ToServer as C};

/// The bytes that one side sends at a time.
pub type Turn = (Direction, Vec<u8>);

/// The events of a connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// All events but mining, one line each.
    pub lines: Vec<String>,
    /// The last report, without what depends on the packets.
    pub mining: Option<MiningSession>,
}

impl EventSink for Seen {
    fn event(&mut self, _: &Flow, _: Moment, event: Event<'_>) {
        match event {
            Event::HttpRequest(request) => {
                let mut line = format!("{} {}", request.method, request.target);
                let HttpRequest { authority: host, user_agent, user, .. } = request;
                let texts = [host.as_deref(), user_agent.as_deref(), user.as_deref()];
                for (name, text) in ["host", "agent", "user"].iter().zip(texts) {
                    if let Some(text) = text {
                        line += &format!(" {name}={text}");
                    }
                }
                self.lines.push(line);
            }
            Event::HttpResponse(response) => {
                self.lines.push(response.status.to_string());
            }
            Event::Tunnel(tunnel) => {
                let word = if tunnel.granted { "granted" } else { "refused" };
                let (kind, host, port) = (tunnel.kind, &tunnel.target, tunnel.port);
                self.lines.push(format!("{kind:?} {host}:{port} {word}"));
            }
            Event::Mining(session) => {
                let mut session = session.clone();
                session.steps.iter_mut().for_each(|step| step.at = Moment::default());
                (session.first_message, session.last_message) = (None, None);
                session.work = Default::default();
                self.mining = Some(session);
            }
            _ => {}
        }
    }
}

/// A connection under way.
pub struct Tap {
    flow: Flow,
    inspector: Inspector,
    scratch: Scratch,
    pub seen: Seen,
    packet: u64,
    gap: [u64; 2],
    pub interest: Interest,
}

impl Tap {
    pub fn new() -> Self {
        Tap::on(|_| {})
    }

    /// A connection that began before the capture.
    pub fn midstream() -> Self {
        Tap::on(|flow| flow.flags.set(minewatch::model::flow::FlowFlags::MIDSTREAM))
    }

    /// A connection of which only one direction is seen.
    pub fn one_way(direction: Direction) -> Self {
        Tap::on(|flow| flow.packets[direction.reverse().index()] = 0)
    }

    fn on(change: impl FnOnce(&mut Flow)) -> Self {
        let mut flow = flow(Transport::Tcp, 50210, 8332);
        change(&mut flow);
        Tap {
            inspector: Inspector::new(&flow).unwrap(),
            flow,
            scratch: Scratch::default(),
            seen: Seen::default(),
            packet: 0,
            gap: [0, 0],
            interest: Interest::More,
        }
    }

    /// Plays one segment.
    pub fn say(&mut self, direction: Direction, bytes: impl AsRef<[u8]>) -> &mut Self {
        let bytes = bytes.as_ref();
        if self.interest == Interest::Settled || bytes.is_empty() {
            return self;
        }
        self.packet += 1;
        let time = Timestamp::from_parts(1_700_000_000, 0);
        let gap = std::mem::take(&mut self.gap[direction.index()]);
        let chunk = Chunk { direction, time, packet: self.packet, gap, bytes };
        let at = Moment { time, packet: self.packet };
        let (scratch, sink) = (&mut self.scratch, &mut self.seen);
        let mut context = Context { flow: &self.flow, at, scratch, sink };
        self.interest = self.inspector.chunk(&mut context, &chunk);
        self
    }

    /// Loses `count` bytes before the next segment in `direction`.
    pub fn lose(&mut self, direction: Direction, count: u64) -> &mut Self {
        self.gap[direction.index()] += count;
        self
    }

    /// Ends the connection and returns its events.
    pub fn end(&mut self) -> Seen {
        if self.interest == Interest::More {
            let at = Moment::default();
            let (scratch, sink) = (&mut self.scratch, &mut self.seen);
            self.inspector.close(&mut Context { flow: &self.flow, at, scratch, sink });
        }
        self.seen.clone()
    }

    /// Plays turns in segments whose sizes are taken from `cuts` in turn.
    pub fn play(&mut self, turns: &[Turn], cuts: &[usize]) -> &mut Self {
        let mut cuts = cuts.iter().cycle();
        for (direction, bytes) in turns {
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let cut = cuts.next().copied().unwrap_or(rest.len()).clamp(1, rest.len());
                let (head, tail) = rest.split_at(cut);
                self.say(*direction, head);
                rest = tail;
            }
        }
        self
    }
}

/// Plays turns in one segment each and returns the events.
pub fn told(turns: &[Turn]) -> Seen {
    Tap::new().play(turns, &[]).end()
}

pub fn turn(direction: Direction, bytes: impl AsRef<[u8]>) -> Turn {
    (direction, bytes.as_ref().to_vec())
}

/// An HTTP message with a body and its length.
pub fn message(head: &str, body: &str) -> String {
    format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A WebSocket frame of a client (masked) or a server (not).
pub fn frame(direction: Direction, first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = if direction == C { 0x80 } else { 0 };
    let length = (payload.len() as u64).to_be_bytes();
    let mut frame = vec![first];
    match payload.len() {
        0..=125 => frame.push(mask | length[7]),
        126..=0xffff => frame.extend([mask | 126, length[6], length[7]]),
        _ => {
            frame.push(mask | 127);
            frame.extend(length);
        }
    }
    let key = if direction == C { [0x37, 0xfa, 0x21, 0x3d] } else { [0; 4] };
    if direction == C {
        frame.extend(key);
    }
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// The handshake of a WebSocket; `extension` is what the server accepts.
pub fn handshake(extension: &str) -> [Turn; 2] {
    let request = "GET /proxy HTTP/1.1\r\nHost: pool.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{extension}\r\n"
    );
    [turn(C, request), turn(S, answer)]
}
