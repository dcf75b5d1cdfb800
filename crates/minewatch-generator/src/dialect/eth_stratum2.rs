//! EthereumStratum/2.0.0: hello, set, and an answer that is nothing but its id.

use super::{Grammar, Plan, account, introduce, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct EthStratum2 {
    job: String,
}

impl Grammar for EthStratum2 {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        let (agent, boundary) = (&plan.agent, target(plan.difficulty));
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":1,"method":"mining.hello","params":{{"agent":"{agent}","host":"pool.example","port":"4d2","proto":"EthereumStratum/2.0.0"}}}}"#
                ),
            )
            .line(
                Pool,
                r#"{"id":1,"result":{"proto":"EthereumStratum/2.0.0","encoding":"plain","resume":"0","timeout":"b4","maxerrors":"5","node":"geth/v1.10"}}"#,
            )
            .line(Miner, r#"{"id":2,"method":"mining.subscribe"}"#)
            .line(Pool, r#"{"id":2,"result":"s-12345"}"#)
            .line(Miner, &format!(r#"{{"id":3,"method":"mining.authorize","params":["{user}","x"]}}"#))
            .tag(Tag::Login)
            .line(Pool, r#"{"id":3,"result":"w-123"}"#)
            .line(
                Pool,
                &format!(
                    r#"{{"method":"mining.set","params":{{"epoch":"1a8","target":"{boundary}","algo":"ethash","extranonce":"af4c"}}}}"#
                ),
            )
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.job = rng.hex(4);
        let (job, header) = (&self.job, rng.hex(32));
        format!(r#"{{"method":"mining.notify","params":["{job}","4a817c8","{header}","1"]}}"#)
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (job, nonce) = (&self.job, rng.hex(6));
        format!(r#"{{"id":{id},"method":"mining.submit","params":["{job}","{nonce}","w-123"]}}"#)
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id}}}"#)
    }

    fn redirect(&self, host: &str, port: u16) -> String {
        format!(r#"{{"method":"mining.reconnect","params":{{"host":"{host}","port":"{port:x}"}}}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"error":{{"code":404,"message":"Job not found"}}}}"#)
    }

    fn refuse(&mut self) -> String {
        r#"{"id":3,"error":{"code":300,"message":"Unauthorized"}}"#.into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        let boundary = target(plan.difficulty);
        Some(format!(r#"{{"method":"mining.set","params":{{"target":"{boundary}"}}}}"#))
    }
}
