//! XMRig's self-select mode: the miner brings the block template, the pool only a wallet.

use super::monero::{self, Work};
use super::{Grammar, Plan, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

pub struct MoneroSelfSelect {
    session: String,
    work: Work,
}

impl MoneroSelfSelect {
    pub fn new(rng: &mut Rng) -> Self {
        MoneroSelfSelect { session: monero::session(rng), work: Work::default() }
    }

    /// A job without a blob.
    fn work(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.work.next(plan, rng);
        let (job_id, target) = (&self.work.job_id, monero::target(plan.difficulty));
        let (wallet, nonce) = (POOL_WALLET, rng.hex(8));
        format!(
            r#"{{"pool_wallet":"{wallet}","extra_nonce":"{nonce}","job_id":"{job_id}","target":"{target}","algo":"rx/0"}}"#
        )
    }
}

/// The pool's own, an invented subaddress.
const POOL_WALLET: &str = "8BpGhzPcuNgLFfWjLuNKAHWMnRnsWVahRCjGmobtueXd2GvfDtcn64EaGne1nna37ZP5mQHchq7rbD5XctqSTC5nGWxLTmn";

impl Grammar for MoneroSelfSelect {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        let Plan { wallet, worker, agent, .. } = plan;
        script.conversation.facts.password = Some("x".into());
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{wallet}","pass":"x","agent":"{agent}","rigid":"{worker}","mode":"self-select","algo":["rx/0"]}}}}"#
                ),
            )
            .tag(Tag::Login);
        let work = self.work(plan, rng);
        script.line(Pool, &monero::welcome(&self.session, &work)).tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        format!(r#"{{"jsonrpc":"2.0","method":"job","params":{}}}"#, self.work(plan, rng))
    }

    fn after_job(&mut self, id: u64, rng: &mut Rng) -> Option<(String, String)> {
        let (session, job_id, height) = (&self.session, &self.work.job_id, self.work.height());
        let (blob, previous, seed) = (rng.hex(200), rng.hex(32), rng.hex(32));
        let template = format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"block_template","params":{{"id":"{session}","job_id":"{job_id}","blob":"1010{blob}","height":{height},"difficulty":512345678901,"prev_hash":"{previous}","seed_hash":"{seed}"}}}}"#
        );
        Some((template, monero::accept(id)))
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (nonce, result) = (rng.hex(4), rng.hex(32));
        let (session, job_id) = (&self.session, &self.work.job_id);
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","params":{{"id":"{session}","job_id":"{job_id}","nonce":"{nonce}","result":"{result}","algo":"rx/0"}}}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        monero::accept(id)
    }

    fn reject(&mut self, id: u64) -> String {
        monero::reject(id)
    }

    fn refuse(&mut self) -> String {
        monero::REFUSAL.into()
    }
}
