//! Detects the peer-to-peer protocol of p2pool. A host that speaks it runs a mining node.
//!
//! Both sides begin with a challenge (type 0, 8 bytes, peer id of 8 bytes) and then a solution
//! (type 1, hash of 32 bytes, salt of 8 bytes). The blocks of the side chain that follow are not
//! parsed.

use crate::model::Chunk;
use crate::model::EvidenceKind;
use crate::model::event::mining::ConversationStage;
use crate::model::event::mining::{Carrier, Dialect, MiningSession, StageProof};
use crate::model::event::{Event, Tunnel};
use crate::protocol::parser::{Context, Next, Parser, Probe};

use super::description::{FirstBytes, StreamProtocol};
use super::stratum::identity::evidence;
use super::surroundings::Surroundings;

pub(super) const STREAM: StreamProtocol = StreamProtocol {
    first_bytes: FirstBytes::Among(&[CHALLENGE..=CHALLENGE]),
    ..StreamProtocol::new(
        "p2pool",
        |_, head| probe(head),
        |surroundings| {
            let Surroundings { carriers, tunnel } = surroundings;
            Box::new(P2PoolSession::new(carriers.clone(), tunnel.clone()))
        },
    )
};

const CHALLENGE: u8 = 0;
const SOLUTION: u8 = 1;
const CHALLENGE_LENGTH: usize = 17;
/// Bytes of a challenge and a solution.
const HANDSHAKE_LENGTH: usize = CHALLENGE_LENGTH + 41;

/// Fewest distinct values among the 16 random bytes of a challenge; 15.5 on average.
const MIN_DISTINCT: usize = 11;
/// Fewest distinct values among the bytes of a handshake.
///
/// Its 56 random bytes have 50 on average, with a standard deviation of 2. Other protocols begin
/// with the length and the type of a message, followed by names and zeros (OpenWire).
const MIN_DISTINCT_IN_ALL: usize = 36;

/// Decides whether a direction begins with p2pool's handshake.
pub(super) fn probe(bytes: &[u8]) -> Probe {
    let Some((first, rest)) = bytes.split_first() else { return Probe::Unsure };
    if *first != CHALLENGE {
        return Probe::NotForUs;
    }
    let Some(random) = rest.get(..CHALLENGE_LENGTH - 1) else { return Probe::Unsure };
    let distinct = distinct(random);
    match bytes.get(CHALLENGE_LENGTH) {
        _ if distinct < MIN_DISTINCT => Probe::NotForUs,
        None => Probe::Unsure,
        Some(&SOLUTION) if bytes.len() >= HANDSHAKE_LENGTH => whole(bytes),
        Some(&SOLUTION) => Probe::Unsure,
        Some(_) => Probe::NotForUs,
    }
}

/// Decides by the distinct values about a handshake whose types and lengths are right.
fn whole(bytes: &[u8]) -> Probe {
    let handshake = bytes.get(..HANDSHAKE_LENGTH).unwrap_or(bytes);
    if distinct(handshake) < MIN_DISTINCT_IN_ALL { Probe::NotForUs } else { Probe::Certain }
}

fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    bytes.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    seen.iter().filter(|&&seen| seen).count()
}

/// Parser of one connection; it waits for the handshakes of both sides.
#[derive(Debug, Default)]
pub(super) struct P2PoolSession {
    /// The beginning of each direction.
    begun: [Vec<u8>; 2],
    carriers: Vec<Carrier>,
    tunnel: Option<Tunnel>,
}

impl P2PoolSession {
    /// `carriers` wrap the connection, outermost first; `tunnel` is the innermost one.
    pub(super) fn new(carriers: Vec<Carrier>, tunnel: Option<Tunnel>) -> Self {
        P2PoolSession { carriers, tunnel, ..P2PoolSession::default() }
    }
}

impl Parser for P2PoolSession {
    fn held(&self) -> usize {
        0
    }

    fn chunk(&mut self, ctx: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        let Some(begun) = self.begun.get_mut(chunk.direction.index()) else { return Next::Reject };
        let wanted = HANDSHAKE_LENGTH.saturating_sub(begun.len());
        if chunk.gap > 0 && wanted > 0 {
            return Next::Reject;
        }
        begun.extend(chunk.bytes.iter().take(wanted));
        let probes = self.begun.each_ref().map(|begun| probe(begun));
        if probes.contains(&Probe::NotForUs) {
            return Next::Reject;
        }
        if probes != [Probe::Certain; 2] {
            return Next::More;
        }
        let dialect = Dialect::P2Pool;
        let detail = "p2pool peers exchanged challenge and solution".to_owned();
        ctx.emit(Event::Mining(&MiningSession {
            dialect,
            steps: vec![StageProof {
                stage: ConversationStage::Answered,
                kind: EvidenceKind::LoginReply,
                at: ctx.at,
                detail,
            }],
            coin: evidence::coin_of_dialect(dialect),
            coins: evidence::coin_of_dialect(dialect).into_iter().collect(),
            coin_reason: Some("dialect"),
            carriers: self.carriers.clone(),
            tunnel: self.tunnel.clone(),
            midstream: ctx.flow.midstream(),
            first_message: Some(ctx.at),
            last_message: Some(ctx.at),
            ..MiningSession::default()
        }));
        Next::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(seed: u8) -> Vec<u8> {
        let random = |n: u8| (0..n).map(move |i| i.wrapping_mul(37).wrapping_add(seed));
        let mut bytes = vec![CHALLENGE];
        bytes.extend(random(16));
        bytes.push(SOLUTION);
        bytes.extend(random(40));
        bytes
    }

    #[test]
    fn the_handshake_is_told_from_other_protocols_that_begin_with_zero() {
        let whole = handshake(3);
        assert_eq!(whole.len(), HANDSHAKE_LENGTH);
        for length in 0..HANDSHAKE_LENGTH {
            assert_eq!(probe(whole.get(..length).unwrap()), Probe::Unsure, "{length}");
        }
        assert_eq!(probe(&whole), Probe::Certain);
        assert_eq!(
            probe(b"\x00\x00\x00\x54\xffSMB\x72\x00\x00\x00\x00\x18\x53\xc8\x00\x01"),
            Probe::NotForUs
        );
        assert_eq!(probe(b"\x16\x03\x01"), Probe::NotForUs);
        // A length, a type, a name; a 1 at the place of the solution's type, and zeros.
        let mut named = b"\x00\x00\x01\x3e\x01BrokerName\x00\x0c\x01\x00\x00\x01\x2c".to_vec();
        named.resize(HANDSHAKE_LENGTH + 20, 0);
        assert_eq!(named.get(CHALLENGE_LENGTH), Some(&SOLUTION));
        assert_eq!(probe(&named), Probe::NotForUs);
    }
}
