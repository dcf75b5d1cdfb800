//! XMRig's dialect: login, job, submit, keepalived.

use super::{Clock, Next, Plan};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Conversation, Script, Truth};
use crate::rng::Rng;

/// A conversation as XMRig 6 and a node pool have it.
pub fn converse(plan: &Plan, rng: &mut Rng) -> Conversation {
    let mut script = Script::default();
    let session = format!("{}-{}", rng.hex(4), rng.hex(6));
    let target = target(plan.difficulty);
    let mut truth = Truth {
        dialect: "monero",
        verdict: "active",
        login: Some(plan.wallet.clone()),
        wallet: Some(plan.wallet.clone()),
        worker: Some(plan.worker.clone()),
        agent: Some(plan.agent.clone()),
        ..Truth::default()
    };
    let Plan { wallet, worker, agent, .. } = plan;
    script.line(
        Miner,
        &format!(
            r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{wallet}","pass":"{worker}","agent":"{agent}","algo":["rx/0","cn/r","argon2/chukwa"]}}}}"#
        ),
    );
    let mut height = 3_412_345;
    let mut job_id = rng.hex(14);
    script.line(
        Pool,
        &format!(
            r#"{{"id":1,"jsonrpc":"2.0","error":null,"result":{{"id":"{session}","job":{},"extensions":["algo","nicehash","keepalive"],"status":"OK"}}}}"#,
            job(rng, &job_id, &target, height)
        ),
    );
    truth.jobs = 1;
    let mut clock = Clock::new(plan, rng);
    let mut id = 1;
    let mut shares = 0;
    while shares < plan.shares {
        match clock.next(plan, rng) {
            Next::Job { wait } => {
                height += 1;
                job_id = rng.hex(14);
                let job = job(rng, &job_id, &target, height);
                script.wait(wait);
                script.line(Pool, &format!(r#"{{"jsonrpc":"2.0","method":"job","params":{job}}}"#));
                truth.jobs += 1;
            }
            Next::Share { wait } => {
                id += 1;
                shares += 1;
                let (nonce, result) = (rng.hex(4), rng.hex(32));
                script.wait(wait);
                script.line(
                    Miner,
                    &format!(
                        r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","params":{{"id":"{session}","job_id":"{job_id}","nonce":"{nonce}","result":"{result}","algo":"rx/0"}}}}"#
                    ),
                );
                truth.submitted += 1;
                if rng.chance(plan.rejects) {
                    truth.rejected += 1;
                    script.line(
                        Pool,
                        &format!(r#"{{"id":{id},"jsonrpc":"2.0","error":{{"code":-1,"message":"Low difficulty share"}}}}"#),
                    );
                } else {
                    truth.accepted += 1;
                    truth.hashes += plan.difficulty;
                    script.line(
                        Pool,
                        &format!(r#"{{"id":{id},"jsonrpc":"2.0","error":null,"result":{{"status":"OK"}}}}"#),
                    );
                }
            }
        }
    }
    script.conversation.truth = truth;
    script.conversation
}

fn job(rng: &mut Rng, job_id: &str, target: &str, height: u64) -> String {
    let (previous, rest, seed) = (rng.hex(32), rng.hex(32), rng.hex(32));
    // Versions 16, a timestamp, the previous block, four nonce bytes, the tree hash, the count.
    let blob = format!("1010d2d6c8a806{previous}00000000{rest}01");
    format!(
        r#"{{"blob":"{blob}","job_id":"{job_id}","target":"{target}","algo":"rx/0","height":{height},"seed_hash":"{seed}"}}"#
    )
}

/// The four-byte target of a difficulty, little endian.
fn target(difficulty: f64) -> String {
    let target = (f64::from(u32::MAX) / difficulty.max(1.0)) as u32;
    target.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
