//! Somebody tries out pools: real logins everywhere, no mining anywhere.

use super::Scene;
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Conversation, Script, Tag};
use crate::rng::Rng;

pub const SCENES: &[Scene] = &[Scene {
    name: "pool-prober",
    told: "A catalogue of pools is made: one host subscribes at forty pools, and never mines.",
    connections: |rng| (0..40).map(|_| probe(rng)).collect(),
}];

/// Seconds with one pool, at one of the ports that pools use.
fn probe(rng: &mut Rng) -> (u16, Conversation) {
    let mut script = Script::default();
    let (session, extranonce) = (rng.hex(4), rng.hex(4));
    script
        .line(Miner, r#"{"id": 1, "method": "mining.subscribe", "params": ["cgminer/3.7.2"]}"#)
        .line(
            Pool,
            &format!(
                r#"{{"id":1,"result":[[["mining.notify","{session}"]],"{extranonce}",4],"error":null}}"#
            ),
        )
        .line(Miner, r#"{"id": 2, "method": "mining.authorize", "params": ["Bitcoin", "x"]}"#)
        .tag(Tag::Login)
        .line(Pool, r#"{"id":2,"result":null,"error":[24,"Unauthorized worker",null]}"#)
        .tag(Tag::Refusal);
    let facts = &mut script.conversation.facts;
    facts.dialect = "bitcoin";
    facts.probe = true;
    facts.login = Some("Bitcoin".into());
    facts.agent = Some("cgminer/3.7.2".into());
    let port = [25, 443, 3333, 3334, 3008, 8888, 9999, 20580][rng.below(8)];
    (port, script.finish())
}
