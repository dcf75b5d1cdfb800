//! One flow, made from the fuzzer's bytes.
//!
//! The first byte has options: 1 for a flow that was under way when it was first seen, 2 to leave the
//! opening out. Then come chunks: a control byte (1: to the client; 2: a byte follows that says how
//! much was lost before; 4: a byte follows that says how many seconds pass; 8: the length has two
//! bytes), the length and the bytes.

use std::time::Duration;

use minewatch::model::chunk::Interest;
use minewatch::model::event::Moment;
use minewatch::model::flow::FlowFlags;
use minewatch::model::{Chunk, Direction, Endpoint, Flow, FlowKey, Timestamp, Transport};
use minewatch::protocol::inspector::Inspector;
use minewatch::protocol::parser::{Context, Scratch};

use crate::{Checks, Reader};

/// Options of the first byte.
pub const MIDSTREAM: u8 = 1;
pub const BARE: u8 = 2;
/// Bits of a control byte.
pub const TO_CLIENT: u8 = 1;
pub const GAP: u8 = 2;
pub const TIME: u8 = 4;
pub const LONG: u8 = 8;

/// What is said before the fuzzer's bytes, so that they get to the parser that is meant.
pub type Opening<'a> = &'a [(Direction, &'a [u8])];

/// The flow of a target.
pub struct Setting<'a> {
    pub transport: Transport,
    pub server_port: u16,
    pub opening: Opening<'a>,
    /// Makes payload of the bytes of a chunk, which has this number.
    pub wrap: fn(number: u64, bytes: &[u8]) -> Vec<u8>,
}

impl Setting<'_> {
    pub fn tcp(server_port: u16, opening: Opening<'_>) -> Setting<'_> {
        Setting { transport: Transport::Tcp, server_port, opening, wrap: |_, bytes| bytes.to_vec() }
    }

    pub fn udp(server_port: u16) -> Setting<'static> {
        Setting { transport: Transport::Udp, ..Setting::tcp(server_port, &[]) }
    }
}

struct Play {
    flow: Flow,
    inspector: Inspector,
    scratch: Scratch,
    checks: Checks,
    at: Moment,
}

/// Gives the inspector a flow with the chunks in `input`.
pub fn play(setting: &Setting<'_>, input: &[u8]) {
    let mut input = Reader(input);
    let Some(options) = input.byte() else { return };
    let flow = flow(setting, options & MIDSTREAM != 0);
    let Some(inspector) = Inspector::new(&flow) else { return };
    let mut play = Play {
        flow,
        inspector,
        scratch: Scratch::default(),
        checks: Checks::default(),
        at: Moment { time: Timestamp::from_parts(1_700_000_000, 0), packet: 0 },
    };
    let opening = if options & BARE == 0 { setting.opening } else { &[] };
    let mut interest = Interest::More;
    for (direction, bytes) in opening {
        if interest != Interest::Settled {
            interest = play.chunk(*direction, 0, bytes);
        }
    }
    while interest != Interest::Settled
        && let Some(control) = input.byte()
    {
        let direction =
            if control & TO_CLIENT == 0 { Direction::ToServer } else { Direction::ToClient };
        let mut gap = 0;
        if control & GAP != 0 {
            let lost = u64::from(input.byte().unwrap_or(0));
            gap = if setting.transport == Transport::Tcp { lost } else { 0 };
        }
        if control & TIME != 0 {
            let seconds = input.byte().unwrap_or(0);
            play.at.time = play.at.time.plus(Duration::from_secs(seconds.into()));
        }
        let length = match control & LONG {
            0 => input.byte().map(usize::from),
            _ => input.word().map(usize::from),
        };
        let bytes = input.take(length.unwrap_or(0));
        let bytes = (setting.wrap)(play.at.packet, bytes);
        // Reassembly hands on no empty chunks.
        if !bytes.is_empty() {
            interest = play.chunk(direction, gap, &bytes);
        }
    }
    if interest != Interest::Settled {
        play.with(|inspector, context| inspector.close(context));
    }
}

impl Play {
    fn with<R>(&mut self, work: impl FnOnce(&mut Inspector, &mut Context<'_>) -> R) -> R {
        let mut context = Context {
            flow: &self.flow,
            at: self.at,
            scratch: &mut self.scratch,
            sink: &mut self.checks,
        };
        work(&mut self.inspector, &mut context)
    }

    fn chunk(&mut self, direction: Direction, gap: u64, bytes: &[u8]) -> Interest {
        self.at.packet += 1;
        self.flow.packets[direction.index()] += 1;
        self.flow.bytes[direction.index()] += bytes.len() as u64;
        self.flow.last_seen = self.at.time;
        let chunk = Chunk { direction, time: self.at.time, packet: self.at.packet, gap, bytes };
        let interest = self.with(|inspector, context| inspector.chunk(context, &chunk));
        if interest == Interest::Stateless
            && let Some(inspector) = Inspector::new(&self.flow)
        {
            self.inspector = inspector;
        }
        interest
    }
}

fn flow(setting: &Setting<'_>, midstream: bool) -> Flow {
    let client = Endpoint { ip: [10, 0, 0, 7].into(), port: 50210 };
    let server = Endpoint { ip: [198, 51, 100, 9].into(), port: setting.server_port };
    let (key, initiator) = FlowKey::new(client, server, setting.transport, 0);
    let mut flow = Flow::new(key, initiator, 1, Timestamp::from_parts(1_700_000_000, 0));
    if midstream {
        flow.flags.set(FlowFlags::MIDSTREAM);
    }
    flow
}
