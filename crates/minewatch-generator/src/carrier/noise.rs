//! Stratum V2's Noise: a handshake of random bytes, then frames of which only the sizes show.

use crate::conversation::{Conversation, Message, ONE_WAY, Speaker, Tag};
use crate::rng::Rng;

/// The miner's key, in the encoding of which every 64 bytes are one.
const CLIENT_HELLO: usize = 64;
/// The pool's key, its static key encrypted (80), its certificate encrypted (90).
const SERVER_HELLO: usize = 64 + 80 + 90;
/// Header of a plain frame.
const HEADER: usize = 6;
/// What authenticates each part of a message.
const MAC: usize = 16;
/// Most payload of a part.
const MAX_PART: usize = 65_519;

/// Encrypts `conversation`, which is in plain Stratum V2.
pub fn wrap(conversation: &mut Conversation, rng: &mut Rng) {
    for message in &mut conversation.messages {
        let mut rest = message.bytes.as_slice();
        let mut sealed = 0;
        while let [_, _, _, a, b, c, tail @ ..] = rest {
            let length = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
            sealed += HEADER + MAC + length + length.div_ceil(MAX_PART).max(1) * MAC;
            rest = tail.get(length..).unwrap_or_default();
        }
        message.bytes = rng.bytes(sealed);
    }
    conversation.delay(2 * ONE_WAY);
    let hello = |at, from, bytes| Message { at, from, bytes, tag: Tag::Other };
    let hellos = [
        hello(ONE_WAY, Speaker::Miner, rng.bytes(CLIENT_HELLO)),
        hello(2 * ONE_WAY, Speaker::Pool, rng.bytes(SERVER_HELLO)),
    ];
    conversation.messages.splice(0..0, hellos);
    conversation.facts.carriers.push("noise");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn messages_have_the_sizes_that_miners_send() {
        let dialect = Dialect::StratumV2Noise;
        let mut conversation = dialect.converse(&dialect.typical(), &mut Rng::new(1));
        wrap(&mut conversation, &mut Rng::new(2));
        let sizes: Vec<usize> = conversation.messages.iter().map(|m| m.bytes.len()).collect();
        assert_eq!(sizes[..2], [64, 234]);
        assert_eq!(sizes[3], 44, "SetupConnection.Success");
        for message in conversation.messages {
            match message.tag {
                Tag::Share { .. } => assert_eq!(message.bytes.len(), 62),
                Tag::Answer { accepted: true, .. } => assert_eq!(message.bytes.len(), 58),
                Tag::Job(_) => assert!([87, 83 + 86].contains(&message.bytes.len())),
                _ => {}
            }
        }
    }
}
