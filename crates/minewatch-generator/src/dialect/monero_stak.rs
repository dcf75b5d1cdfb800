//! xmr-stak: Monero's calls without `jsonrpc`, all shares under the same id, with statistics.

use super::monero::{self, Work};
use super::{Grammar, Plan, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

pub struct MoneroStak {
    session: String,
    work: Work,
    /// Hashes since the miner began.
    hashes: u64,
}

impl MoneroStak {
    pub fn new(rng: &mut Rng) -> Self {
        MoneroStak { session: monero::session(rng), work: Work::default(), hashes: 0 }
    }
}

impl Grammar for MoneroStak {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        let Plan { wallet, worker, agent, .. } = plan;
        script.conversation.facts.password = Some("x".into());
        script
            .line(
                Miner,
                &format!(
                    r#"{{"method":"login","params":{{"login":"{wallet}","pass":"x","rigid":"{worker}","agent":"{agent}"}},"id":1}}"#
                ),
            )
            .tag(Tag::Login);
        let work = self.work.next(plan, rng);
        script.line(Pool, &monero::welcome(&self.session, &work)).tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        format!(r#"{{"jsonrpc":"2.0","method":"job","params":{}}}"#, self.work.next(plan, rng))
    }

    fn submit(&mut self, _: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (nonce, result) = (rng.hex(4), rng.hex(32));
        let count = plan.difficulty as u64;
        self.hashes += count;
        let (session, job_id, total) = (&self.session, &self.work.job_id, self.hashes);
        format!(
            r#"{{"method":"submit","params":{{"id":"{session}","job_id":"{job_id}","nonce":"{nonce}","result":"{result}","backend":"cpu","hashcount":{count},"hashcount_total":{total}}},"id":1}}"#
        )
    }

    fn accept(&mut self, _: u64) -> String {
        monero::accept(1)
    }

    fn reject(&mut self, _: u64) -> String {
        monero::reject(1)
    }

    fn refuse(&mut self) -> String {
        monero::REFUSAL.into()
    }
}
