//! Zcash's Stratum (ZIP 301): set_target, eight-part notify, submissions of almost 3 kB.

use super::{Grammar, Plan, account, introduce, set_target, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Equihash {
    job: String,
}

impl Grammar for Equihash {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        let (agent, nonce, boundary) = (&plan.agent, rng.hex(16), target(plan.difficulty));
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id": 1, "method": "mining.subscribe", "params": ["{agent}", null, "zec.pool.example", "2142"]}}"#
                ),
            )
            .line(Miner, &format!(r#"{{"id": 2, "method": "mining.authorize", "params": ["{user}","x"]}}"#))
            .tag(Tag::Login)
            .line(Miner, r#"{"id": 3, "method": "mining.extranonce.subscribe", "params": []}"#)
            .line(Pool, &format!(r#"{{"id":1,"result":[null,"{nonce}"],"error":null}}"#))
            .line(Pool, &format!(r#"{{"id":null,"method":"mining.set_target","params":["{boundary}"]}}"#))
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty))
            .line(Pool, r#"{"id":2,"result":true,"error":null}"#);
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.job = rng.hex(2);
        let (job, previous, merkle) = (&self.job, rng.hex(32), rng.hex(32));
        let reserved = "0".repeat(64);
        format!(
            r#"{{"id":null,"method":"mining.notify","params":["{job}","04000000","{previous}","{merkle}","{reserved}","16ee7c58","83837b1c",true]}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (user, job, nonce, solution) = (account(plan), &self.job, rng.hex(16), rng.hex(1344));
        format!(
            r#"{{"id": {id}, "method": "mining.submit", "params": ["{user}","{job}","16ee7c58","{nonce}","fd4005{solution}"]}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{ "id": {id}, "result": true, "error": null }}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"result":null,"error":[21,"Stale job!"]}}"#)
    }

    fn refuse(&mut self) -> String {
        r#"{"id":2,"result":null,"error":[24,"Unauthorized worker",null]}"#.into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(set_target(plan))
    }
}
