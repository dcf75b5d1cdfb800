//! webminerpool: mining in web pages; `identifier` names the kind.

use super::{Grammar, Plan, introduce, monero};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct WebMinerPool {
    job: String,
}

impl Grammar for WebMinerPool {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        let Plan { wallet, worker, .. } = plan;
        script
            .line(
                Miner,
                &format!(
                    r#"{{"identifier":"handshake","pool":"pool.example:3333","login":"{wallet}","password":"","userid":"{worker}","version":8}}"#
                ),
            )
            .tag(Tag::Login)
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.job = format!("{:012}", rng.below(999_999_999_999));
        let (job, blob, target) = (&self.job, monero::blob(rng), monero::target(plan.difficulty));
        format!(
            r#"{{"identifier":"job","job_id":"{job}","algo":"cn","variant":4,"height":3412345,"blob":"{blob}","target":"{target}"}}"#
        )
    }

    fn submit(&mut self, _: u64, _: &Plan, rng: &mut Rng) -> String {
        let (job, nonce, result) = (&self.job, rng.hex(4), rng.hex(32));
        format!(
            r#"{{"identifier":"solved","job_id":"{job}","nonce":"{nonce}","result":"{result}"}}"#
        )
    }

    fn accept(&mut self, _: u64) -> String {
        r#"{"identifier":"hashsolved"}"#.into()
    }

    fn reject(&mut self, _: u64) -> String {
        r#"{"identifier":"error","param":"invalid share"}"#.into()
    }

    fn refuse(&mut self) -> String {
        r#"{"identifier":"error","param":"invalid login"}"#.into()
    }
}
