//! p2pool's peers: both sides challenge each other, then exchange the blocks of the side chain.

use super::Plan;
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Conversation, Script, Tag};
use crate::rng::Rng;

/// Message ids.
const CHALLENGE: u8 = 0;
const SOLUTION: u8 = 1;
const BLOCK_BROADCAST: u8 = 6;

/// A conversation of two peers, who both work on the side chain. Nobody hands in shares: blocks do.
pub fn converse(plan: &Plan, rng: &mut Rng) -> Conversation {
    let mut script = Script::default();
    let mut handshake = |id: u8, random: usize| {
        let mut bytes = vec![id];
        bytes.extend(rng.bytes(random));
        bytes
    };
    script
        .say(Miner, handshake(CHALLENGE, 16)) // challenge 8, peer id 8
        .tag(Tag::Login)
        .say(Pool, handshake(CHALLENGE, 16))
        .say(Miner, handshake(SOLUTION, 40)) // hash 32, salt 8
        .say(Pool, handshake(SOLUTION, 40));
    for number in 0..plan.shares {
        let block = rng.bytes(900);
        let mut bytes = vec![BLOCK_BROADCAST];
        bytes.extend((block.len() as u32).to_le_bytes());
        bytes.extend(block);
        // The side chain has a block every 10 s.
        script.wait(super::micros(rng.exponential(10.0)));
        script.say(if number % 4 == 0 { Miner } else { Pool }, bytes);
    }
    script.finish()
}
