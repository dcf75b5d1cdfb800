//! Stratum v1 as Bitcoin miners speak it: subscribe, authorize, notify, submit.

use super::{Clock, Next, Plan};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Conversation, Script, Truth};
use crate::rng::Rng;

/// Hashes per unit of difficulty (SHA-256d).
const HASHES: f64 = 4_294_967_296.0;

/// A conversation as cgminer and a pool have it.
pub fn converse(plan: &Plan, rng: &mut Rng) -> Conversation {
    let mut script = Script::default();
    let user = format!("{}.{}", plan.wallet, plan.worker);
    let mut truth = Truth {
        dialect: "bitcoin",
        verdict: "active",
        login: Some(user.clone()),
        wallet: Some(plan.wallet.clone()),
        worker: Some(plan.worker.clone()),
        agent: Some(plan.agent.clone()),
        ..Truth::default()
    };
    let (session, extranonce) = (rng.hex(4), rng.hex(4));
    script.line(
        Miner,
        &format!(r#"{{"id": 1, "method": "mining.subscribe", "params": ["{}"]}}"#, plan.agent),
    );
    script.line(
        Pool,
        &format!(
            r#"{{"id":1,"result":[[["mining.set_difficulty","{session}"],["mining.notify","{session}"]],"{extranonce}",4],"error":null}}"#
        ),
    );
    script.line(
        Miner,
        &format!(r#"{{"id": 2, "method": "mining.authorize", "params": ["{user}","x"]}}"#),
    );
    script.line(Pool, r#"{"id":2,"result":true,"error":null}"#);
    let difficulty = plan.difficulty;
    script.line(
        Pool,
        &format!(r#"{{"id":null,"method":"mining.set_difficulty","params":[{difficulty}]}}"#),
    );
    let mut number = 1;
    script.line(Pool, &notify(rng, number, true));
    truth.jobs = 1;
    let mut clock = Clock::new(plan, rng);
    let mut id = 3;
    let mut shares = 0;
    while shares < plan.shares {
        match clock.next(plan, rng) {
            Next::Job { wait } => {
                number += 1;
                let line = notify(rng, number, rng.clone().chance(0.2));
                script.wait(wait).line(Pool, &line);
                truth.jobs += 1;
            }
            Next::Share { wait } => {
                id += 1;
                shares += 1;
                let (extra, nonce) = (rng.hex(4), rng.hex(4));
                script.wait(wait);
                script.line(
                    Miner,
                    &format!(
                        r#"{{"params": ["{user}","{number:x}","{extra}","65f1a2c0","{nonce}"], "id": {id}, "method": "mining.submit"}}"#
                    ),
                );
                truth.submitted += 1;
                if rng.chance(plan.rejects) {
                    truth.rejected += 1;
                    script.line(
                        Pool,
                        &format!(
                            r#"{{"id":{id},"result":null,"error":[23,"Low difficulty share",null]}}"#
                        ),
                    );
                } else {
                    truth.accepted += 1;
                    truth.hashes += difficulty * HASHES;
                    script.line(Pool, &format!(r#"{{"id":{id},"result":true,"error":null}}"#));
                }
            }
        }
    }
    script.conversation.truth = truth;
    script.conversation
}

fn notify(rng: &mut Rng, number: u64, clean: bool) -> String {
    let (previous, branch) = (rng.hex(32), rng.hex(32));
    let (first, second) = (rng.hex(40), rng.hex(60));
    format!(
        r#"{{"params":["{number:x}","{previous}","{first}","{second}",["{branch}"],"20000000","17034219","65f1a2c0",{clean}],"id":null,"method":"mining.notify"}}"#
    )
}
