//! Captures to order: a dialect, its disguises, the link, the cut into segments, a seed.

use std::net::{IpAddr, SocketAddr};

use clap::ValueEnum;

use crate::conversation::Conversation;
use crate::course::rounded;
use crate::dialect::{Dialect, profile};
use crate::disguise::{Disguise, carriers, text};
use crate::link::Link;
use crate::network::Network;
use crate::pcap::Frame;
use crate::plan::{Blocks, Plan};
use crate::recorder::Recorder;
use crate::rng::Rng;
use crate::tcp::{Ends, Wire};
use crate::truth;

/// How messages become segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Segmentation {
    /// Each message has its own segment, up to 1460 bytes
    #[default]
    Message,
    /// Several messages in a segment; shares are handed in three at a time
    Coalesced,
    /// Segments of 536 bytes
    Small,
    /// Segments of 1 to 200 bytes, cut anywhere
    Ragged,
    /// One byte a segment
    Bytes,
}

impl Segmentation {
    pub fn all() -> &'static [Segmentation] {
        Segmentation::value_variants()
    }

    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn wire(self) -> Wire {
        let wire = Wire::default();
        match self {
            Segmentation::Message => wire,
            Segmentation::Coalesced => Wire { coalesce: true, ..wire },
            Segmentation::Small => Wire { mss: 536, ..wire },
            Segmentation::Ragged => Wire { mss: 200, ragged: true, ..wire },
            Segmentation::Bytes => Wire { mss: 1, ..wire },
        }
    }
}

/// What is ordered.
#[derive(Clone, Debug)]
pub struct Order {
    pub dialect: Dialect,
    pub disguises: Vec<Disguise>,
    pub link: Link,
    pub network: Network,
    pub segmentation: Segmentation,
    pub seed: u64,
    /// When blocks are found: the same for all miners of a chain.
    pub chain: u64,
    /// Shares that the miner submits.
    pub shares: usize,
    /// Hashes per second; typical of the dialect if not given.
    pub hashrate: Option<f64>,
    /// Mean time between shares that the pool aims at, in seconds.
    pub share_gap: f64,
    /// The client looks this name up first.
    pub pool_name: Option<String>,
}

impl Order {
    pub fn new(dialect: Dialect, seed: u64) -> Order {
        Order {
            dialect,
            disguises: Vec::new(),
            link: Link::Ethernet,
            network: Network::V4,
            segmentation: Segmentation::Message,
            seed,
            chain: seed,
            shares: 20,
            hashrate: None,
            share_gap: 15.0,
            pool_name: None,
        }
    }
}

/// A capture with its truth.
pub struct Capture {
    pub link_type: u32,
    pub frames: Vec<Frame>,
    pub truth: truth::File,
}

const SECOND: u64 = 1_000_000;

/// When captures begin: 2026-01-05T08:00:00Z.
pub const START: u64 = 1_767_600_000 * SECOND;

/// Where a miner is sent by its pool.
const SECOND_POOL: &str = "eu2.pool.example";

/// Records what was ordered; `file` is the name that the truth gives it.
///
/// # Errors
/// A disguise that makes no sense for the dialect.
pub fn record(order: &Order, file: &str) -> Result<Capture, String> {
    if let Some(disguise) = order.disguises.iter().find(|one| !one.fits(order.dialect)) {
        return Err(format!("{} does not fit {}", disguise.name(), order.dialect.name()));
    }
    let mut recorder = Recorder::new(order.link, START, order.seed);
    if order.network == Network::V4Fragments {
        recorder.fragment();
    }
    let hosts = Hosts::new(order);
    let mut at = SECOND;
    if let Some(name) = &order.pool_name {
        recorder.lookup(at, hosts.client, hosts.resolver, name, Some(hosts.pool.ip()));
        at += 60_000;
    }
    let mut wire = order.segmentation.wire();
    order.disguises.iter().for_each(|disguise| disguise.wire(&mut wire));
    let plan = plan(order, &mut Rng::new(order.seed));
    let has = |disguise| order.disguises.contains(&disguise);
    let (redirected, reused) = (has(Disguise::Reconnect), has(Disguise::TupleReuse));
    // Disguised or not, the same seed tells the same story.
    let mut said = Rng::new(order.seed ^ 0x7361_6964);
    let mut port = 40_000 + (order.seed % 20_000) as u16;
    for part in 0..if redirected || reused { 2 } else { 1 } {
        let last = part == 1 || !(redirected || reused);
        let pool = if part == 1 && redirected { hosts.second_pool } else { hosts.pool };
        let mut plan = part_of(&plan, part, last);
        if let Some(blocks) = &mut plan.blocks {
            blocks.connected = at;
        }
        if redirected && part == 0 {
            plan.redirect = Some((SECOND_POOL.into(), hosts.second_pool.port()));
        }
        if redirected && part == 1 {
            let address = Some(hosts.second_pool.ip());
            recorder.lookup(at, hosts.client, hosts.resolver, SECOND_POOL, address);
            at += 60_000;
        }
        let conversation = converse(order, &plan, &mut said);
        let mut twisted = Rng::new(order.seed ^ 0x7477_6973_7465_6400 ^ part);
        let connections = carriers::wrap(
            conversation,
            order.dialect,
            &plan,
            &order.disguises,
            pool,
            &mut twisted,
        );
        let wire = Wire { close: last || !reused, ..wire.clone() };
        let mut end = at;
        for (start, conversation) in connections {
            let ends = Ends { miner: (hosts.client, port).into(), pool };
            recorder.connection(at + start, ends, &conversation, &wire);
            end = end.max(at + start + conversation.end());
            if !reused {
                port += 1;
            }
        }
        at = end + 5 * SECOND;
    }
    let link_type = order.link.link_type();
    let mut truth = truth::File::of(file, link_type, &recorder.frames, &recorder.streams);
    truth.recipe = Some(truth::Recipe {
        dialect: order.dialect.name(),
        disguises: order.disguises.iter().map(|disguise| disguise.name()).collect(),
        link: order.link.name(),
        ip: order.network.name(),
        segmentation: order.segmentation.name(),
        seed: order.seed,
    });
    Ok(Capture { link_type, frames: recorder.frames, truth })
}

/// What the miner does, as far as it depends on the order.
fn plan(order: &Order, rng: &mut Rng) -> Plan {
    let mut plan = Plan {
        shares: order.shares,
        vardiff: true,
        rejects: 0.01 + 0.04 * rng.unit(),
        unanswered: rng.below(3).min(order.shares),
        blocks: Some(Blocks::new(order.chain, profile::block_time(order.dialect))),
        ..order.dialect.typical()
    };
    if let Some(hashrate) = order.hashrate {
        // Expected hashes are proportional to the difficulty in every dialect.
        let typical = order.dialect.hashes(&plan).unwrap_or(1.0);
        plan.difficulty = rounded(plan.difficulty * hashrate * order.share_gap / typical);
    }
    plan.share_gap = order.share_gap;
    if order.segmentation == Segmentation::Coalesced {
        plan.batch = 3;
    }
    order.disguises.iter().for_each(|disguise| disguise.plan(&mut plan));
    plan
}

/// A half of the shares for each of two connections, or all.
fn part_of(plan: &Plan, part: u64, last: bool) -> Plan {
    let mut plan = plan.clone();
    let half = plan.shares / 2;
    match (part, last) {
        (0, true) => {}
        (0, false) => (plan.shares, plan.unanswered) = (half, 0),
        _ => plan.shares -= half,
    }
    plan
}

fn converse(order: &Order, plan: &Plan, rng: &mut Rng) -> Conversation {
    let mut conversation = order.dialect.converse(plan, rng);
    text::apply(&order.disguises, order.dialect.framing(), &mut conversation, &mut rng.clone());
    conversation
}

/// Who takes part.
struct Hosts {
    client: IpAddr,
    resolver: IpAddr,
    pool: SocketAddr,
    second_pool: SocketAddr,
}

impl Hosts {
    fn new(order: &Order) -> Hosts {
        let port = order.disguises.iter().find_map(|disguise| disguise.port());
        let port = port.unwrap_or(profile::port(order.dialect));
        let [.., net, host] = order.seed.wrapping_mul(0x9e37_79b9).to_be_bytes();
        let host = 10 + host % 200;
        let ip = |text: String| text.parse().expect("an address of fixed form");
        let (client, resolver, pool, second) = if order.network == Network::V6 {
            (
                ip(format!("fd00::{net}:{host}")),
                ip("fd00::53".into()),
                ip(format!("2001:db8::{host}")),
                ip(format!("2001:db8::1:{host}")),
            )
        } else {
            (
                ip(format!("10.20.{net}.{host}")),
                ip("10.20.0.53".into()),
                ip(format!("198.51.100.{host}")),
                ip(format!("203.0.113.{host}")),
            )
        };
        Hosts { client, resolver, pool: (pool, port).into(), second_pool: (second, 5555).into() }
    }
}
