//! Stratum v1 as Bitcoin miners speak it: subscribe, authorize, notify, submit.

use super::{Grammar, Plan, account, introduce, set_difficulty};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

/// Hashes per unit of difficulty (SHA-256d).
const UNIT: f64 = 4_294_967_296.0;

#[derive(Default)]
pub struct Bitcoin {
    jobs: u64,
}

impl Grammar for Bitcoin {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        let (session, extranonce) = (rng.hex(4), rng.hex(4));
        let Plan { agent, difficulty, .. } = plan;
        script
            .line(
                Miner,
                r#"{"id":0,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}"#,
            )
            .line(
                Pool,
                r#"{"id":0,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}"#,
            )
            .line(Miner, &format!(r#"{{"id": 1, "method": "mining.subscribe", "params": ["{agent}"]}}"#))
            .line(
                Pool,
                &format!(
                    r#"{{"id":1,"result":[[["mining.set_difficulty","{session}"],["mining.notify","{session}"]],"{extranonce}",4],"error":null}}"#
                ),
            )
            .line(Miner, &format!(r#"{{"id": 2, "method": "mining.authorize", "params": ["{user}","x"]}}"#))
            .tag(Tag::Login)
            .line(Pool, r#"{"id":2,"result":true,"error":null}"#)
            .line(
                Pool,
                &format!(r#"{{"id":null,"method":"mining.set_difficulty","params":[{difficulty}]}}"#),
            )
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.jobs += 1;
        let (previous, branch) = (rng.hex(32), rng.hex(32));
        let (first, second) = (rng.hex(40), rng.hex(60));
        let (number, clean) = (self.jobs, self.jobs % 5 == 1);
        format!(
            r#"{{"params":["{number:x}","{previous}","{first}","{second}",["{branch}"],"20000000","17034219","65f1a2c0",{clean}],"id":null,"method":"mining.notify"}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (user, number) = (account(plan), self.jobs);
        let (extra, nonce) = (rng.hex(4), rng.hex(4));
        format!(
            r#"{{"params": ["{user}","{number:x}","{extra}","65f1a2c0","{nonce}","00c00000"], "id": {id}, "method": "mining.submit"}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"result":true,"error":null}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"result":null,"error":[23,"Low difficulty share",null]}}"#)
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty * UNIT
    }

    fn refuse(&mut self) -> String {
        r#"{"id":2,"result":null,"error":[24,"Unauthorized worker",null]}"#.into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(set_difficulty(plan))
    }
}
