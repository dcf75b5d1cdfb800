//! Stratum V2 in the clear: binary frames of a six-byte header and a payload, all little endian.

use super::{Grammar, Plan, account, introduce, reversed, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::dialect::grammar::unhex;
use crate::rng::Rng;

/// Hashes per unit of difficulty, as in Stratum V1.
const UNIT: f64 = 4_294_967_296.0;

/// Message types of the mining protocol.
mod kind {
    pub const SETUP: u8 = 0x00;
    pub const SETUP_SUCCESS: u8 = 0x01;
    pub const RECONNECT: u8 = 0x04;
    pub const OPEN: u8 = 0x10;
    pub const OPEN_SUCCESS: u8 = 0x11;
    pub const OPEN_ERROR: u8 = 0x12;
    pub const JOB: u8 = 0x15;
    pub const SUBMIT: u8 = 0x1a;
    pub const SUBMIT_SUCCESS: u8 = 0x1c;
    pub const SUBMIT_ERROR: u8 = 0x1d;
    pub const PREVIOUS_HASH: u8 = 0x20;
    pub const SET_TARGET: u8 = 0x21;
}

/// The channel that the miner opens.
const CHANNEL: &str = "01000000";

#[derive(Default)]
pub struct StratumV2 {
    job: u32,
    sequence: u32,
    /// Sequence numbers of the shares that are not answered yet, oldest first.
    open: std::collections::VecDeque<u32>,
}

/// A frame in hexadecimal. The top bit of the extension marks messages of a channel.
fn frame(kind: u8, channel: bool, payload: &str) -> String {
    let length = (unhex(payload).len() as u32).to_le_bytes();
    let extension = if channel { "0080" } else { "0000" };
    let [a, b, c, _] = length;
    format!("{extension}{kind:02x}{a:02x}{b:02x}{c:02x}{payload}")
}

/// A text with its length in front.
fn text(text: &str) -> String {
    text.bytes().fold(format!("{:02x}", text.len()), |hex, byte| hex + &format!("{byte:02x}"))
}

fn number(value: u32) -> String {
    value.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The target of shares, little endian.
fn share_target(plan: &Plan) -> String {
    reversed(&target(plan.difficulty * UNIT))
}

impl StratumV2 {
    /// A job for the block that is worked on, or one for the next and then that block.
    fn work(&mut self, rng: &mut Rng) -> String {
        self.job += 1;
        let (job, root) = (number(self.job), rng.hex(32));
        let now = number(0x65f1_a2c0 + self.job * 30);
        if self.job % 4 == 1 {
            let future = frame(kind::JOB, true, &format!("{CHANNEL}{job}0000000020{root}"));
            let hash = rng.hex(32);
            let block = format!("{CHANNEL}{job}{hash}{now}19420317");
            future + &frame(kind::PREVIOUS_HASH, true, &block)
        } else {
            frame(kind::JOB, true, &format!("{CHANNEL}{job}01{now}00000020{root}"))
        }
    }
}

impl Grammar for StratumV2 {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        let agent: Vec<String> = plan.agent.splitn(3, ' ').map(text).collect();
        let [vendor, hardware, firmware] =
            [0, 1, 2].map(|i| agent.get(i).cloned().unwrap_or("00".into()));
        let setup = format!(
            "00 0200 0200 01000000 {} {} {vendor}{hardware}{firmware}{}",
            text("pool.example"),
            "ce85", // port 34254
            text("")
        );
        let rate = (plan.hashrate as f32).to_le_bytes();
        let rate: String = rate.iter().map(|byte| format!("{byte:02x}")).collect();
        let open = format!("01000000{}{rate}{}", text(&user), "ff".repeat(32));
        let opened = format!("01000000{CHANNEL}{}04{}00000000", share_target(plan), rng.hex(4));
        let setup = setup.replace(' ', "");
        let job = self.work(rng);
        script
            .say(Miner, unhex(&frame(kind::SETUP, false, &setup)))
            .say(Pool, unhex(&frame(kind::SETUP_SUCCESS, false, "020000000000")))
            .say(Miner, unhex(&frame(kind::OPEN, false, &open)))
            .tag(Tag::Login)
            .say(Pool, unhex(&frame(kind::OPEN_SUCCESS, false, &opened)))
            .say(Pool, unhex(&job))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.work(rng)
    }

    fn submit(&mut self, _: u64, _: &Plan, rng: &mut Rng) -> String {
        self.sequence += 1;
        self.open.push_back(self.sequence);
        let (sequence, job, nonce) = (number(self.sequence), number(self.job), rng.hex(4));
        let time = number(0x65f1_a2c0 + self.job * 30);
        frame(kind::SUBMIT, true, &format!("{CHANNEL}{sequence}{job}{nonce}{time}00000020"))
    }

    fn accept(&mut self, _: u64) -> String {
        let last = number(self.open.pop_front().unwrap_or_default());
        frame(kind::SUBMIT_SUCCESS, true, &format!("{CHANNEL}{last}01000000{}", "0000010000000000"))
    }

    fn reject(&mut self, _: u64) -> String {
        let sequence = number(self.open.pop_front().unwrap_or_default());
        let error = text("difficulty-too-low");
        frame(kind::SUBMIT_ERROR, true, &format!("{CHANNEL}{sequence}{error}"))
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty * UNIT
    }

    fn refuse(&mut self) -> String {
        frame(kind::OPEN_ERROR, false, &format!("01000000{}", text("unknown-user")))
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(frame(kind::SET_TARGET, true, &format!("{CHANNEL}{}", share_target(plan))))
    }

    fn redirect(&self, host: &str, port: u16) -> String {
        let [low, high] = port.to_le_bytes();
        frame(kind::RECONNECT, false, &format!("{}{low:02x}{high:02x}", text(host)))
    }

    fn bytes(&self, text: &str) -> Vec<u8> {
        unhex(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frame of a share in the protocol's documentation: channel 1, sequence 7, job 12.
    #[test]
    fn a_share_has_thirty_bytes() {
        let mut dialect = StratumV2 { job: 12, sequence: 6, ..StratumV2::default() };
        let plan = crate::dialect::Dialect::StratumV2.typical();
        let share = unhex(&dialect.submit(0, &plan, &mut Rng::new(1)));
        assert_eq!(share.len(), 30);
        assert_eq!(share[..18], *b"\x00\x80\x1a\x18\x00\x00\x01\0\0\0\x07\0\0\0\x0c\0\0\0");
        assert_eq!(unhex(&dialect.accept(0)).len(), 26);
    }
}
