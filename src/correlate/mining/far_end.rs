//! Finds the miner and the pool of a conversation, through tunnels and by name.

use super::pools::PoolUse;
use crate::correlate::Knowledge;
use crate::model::Timestamp;
use crate::model::chunk::Direction;
use crate::model::event::MiningSession;
use crate::model::event::tunnel::TunnelKind;
use crate::model::flow::{Endpoint, FlowEnds};
use crate::model::signal::Signal;

/// The ends of a mining conversation.
pub(in crate::correlate) struct FarEnd {
    /// The direction in which the miner's packets travel.
    pub sender: Direction,
    pub miner: Endpoint,
    pub(super) pool: PoolUse,
    /// The pool as text: its address and port, else its name, else the end of the connection.
    pub subject: String,
}

/// Finds the miner and the pool of the conversation that `signal` is about.
pub(in crate::correlate) fn resolve(
    signal: &Signal,
    session: &MiningSession,
    knowledge: &Knowledge,
) -> FarEnd {
    let sender = miner(signal, session, knowledge);
    let (miner, far) = (signal.flow.sender(sender), signal.flow.sender(sender.reverse()));
    let pool = pool(miner, far, session, knowledge, signal.at.time);
    let subject = pool.endpoint.map(|endpoint| endpoint.to_string());
    let subject = subject.or_else(|| pool.domain.clone()).unwrap_or_else(|| far.to_string());
    FarEnd { sender, miner, pool, subject }
}

/// The direction in which the miner's packets travel. Where both ends may mine (p2pool), the end
/// inside the home network is the miner, whichever end opened the connection.
fn miner(signal: &Signal, session: &MiningSession, knowledge: &Knowledge) -> Direction {
    let sender = signal.sender;
    let inside = |direction: Direction| knowledge.is_inside(signal.flow.sender(direction).ip);
    let outside = session.miner.is_none() && !inside(sender) && inside(sender.reverse());
    if outside { sender.reverse() } else { sender }
}

/// The pool behind `far`, by name and address: the target of the tunnel, or the name that DNS gave.
fn pool(
    miner: Endpoint,
    far: Endpoint,
    session: &MiningSession,
    knowledge: &Knowledge,
    now: Timestamp,
) -> PoolUse {
    let names = &knowledge.names;
    let (told, endpoint) = match &session.tunnel {
        Some(tunnel) if tunnel.kind != TunnelKind::ProxyProtocol => match tunnel.ip {
            Some(ip) => (names.lookup_by_anyone(ip, now), Endpoint { ip, port: tunnel.port }),
            None => {
                let (domain, port) = (Some(tunnel.target.clone()), Some(tunnel.port));
                return PoolUse { domain, port, ..PoolUse::default() };
            }
        },
        _ => {
            let told = names.lookup_by(miner.ip, far.ip, now);
            (told.or_else(|| names.lookup_by_anyone(far.ip, now)), far)
        }
    };
    let pool = PoolUse { endpoint: Some(endpoint), ..PoolUse::default() };
    let Some(told) = told else { return pool };
    let pool = PoolUse { domain: Some(told.name.to_string()), ..pool };
    // Another host may have looked up the pool's name, for example over the other version of IP.
    match &told.hit {
        Some(hit) => pool.with_hit(hit),
        None => pool,
    }
}
