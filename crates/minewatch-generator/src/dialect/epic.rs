//! Epic Cash: Grin's calls, with an algorithm in the job and in the share.

use super::{Grammar, Plan, grin};
use crate::conversation::Script;
use crate::rng::Rng;

#[derive(Default)]
pub struct Epic {
    job: u64,
}

impl Grammar for Epic {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let work = self.work(plan, rng);
        grin::hello(script, plan, r#"{"algorithm":"randomx"}"#, &work);
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        grin::job(&self.work(plan, rng))
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let hash: Vec<String> = rng.bytes(32).iter().map(u8::to_string).collect();
        let (job, nonce, hash) = (self.job, rng.next_u64(), hash.join(","));
        format!(
            r#"{{"id":"{id}","jsonrpc":"2.0","method":"submit","params":{{"height":2000000,"job_id":{job},"nonce":{nonce},"pow":{{"RandomX":[{hash}]}}}}}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        grin::accept(id)
    }

    fn reject(&mut self, id: u64) -> String {
        grin::reject(id)
    }

    fn refuse(&mut self) -> String {
        grin::refuse()
    }
}

impl Epic {
    fn work(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.job += 1;
        let (difficulty, job, header) = (plan.difficulty, self.job, rng.hex(241));
        format!(
            r#"{{"algorithm":"randomx","difficulty":[["randomx",{difficulty}]],"epochs":[[0,100,[0,0]]],"height":2000000,"job_id":{job},"pre_pow":"{header}"}}"#
        )
    }
}
