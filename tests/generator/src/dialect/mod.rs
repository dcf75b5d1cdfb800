//! The mining protocols that can be spoken, one file each.
//!
//! A dialect is a [`Grammar`]: how it says hello, hands out work, submits and answers. The course of
//! events is the same for all of them: shares at exponential gaps, jobs on a clock, some rejects.

mod aeternity;
mod alephium;
mod bitcoin;
mod browser;
mod conflux;
mod equihash;
mod eth_proxy;
mod eth_stratum1;
mod eth_stratum2;
mod grin;
mod ironfish;
mod kaspa;
mod kawpow;
mod monero;
mod tari;

use clap::ValueEnum;

use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Conversation, Script, Truth};
use crate::rng::Rng;

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    Monero,
    Bitcoin,
    EthProxy,
    #[value(name = "eth-stratum-1")]
    EthStratum1,
    #[value(name = "eth-stratum-2")]
    EthStratum2,
    Equihash,
    #[value(name = "kawpow")]
    KawPow,
    Kaspa,
    #[value(name = "ironfish")]
    IronFish,
    Alephium,
    Conflux,
    Grin,
    Tari,
    Aeternity,
    /// Coinhive's messages; meant for the WebSocket disguise.
    Browser,
}

/// What the miner is and does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Payout address; each dialect has an invented, checksum-valid one of its own.
    pub wallet: String,
    pub worker: String,
    pub agent: String,
    /// Shares that the miner submits.
    pub shares: usize,
    /// Mean time between shares, in seconds; the gaps are exponential.
    pub share_gap: f64,
    /// Share of the submissions that the pool rejects.
    pub rejects: f64,
    /// Time between jobs, in seconds.
    pub job_gap: f64,
    /// Difficulty in the dialect's own unit.
    pub difficulty: f64,
}

impl Dialect {
    pub const ALL: [Dialect; 15] = [
        Dialect::Monero,
        Dialect::Bitcoin,
        Dialect::EthProxy,
        Dialect::EthStratum1,
        Dialect::EthStratum2,
        Dialect::Equihash,
        Dialect::KawPow,
        Dialect::Kaspa,
        Dialect::IronFish,
        Dialect::Alephium,
        Dialect::Conflux,
        Dialect::Grin,
        Dialect::Tari,
        Dialect::Aeternity,
        Dialect::Browser,
    ];

    /// Its name as sensors report it.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// A typical miner of this dialect.
    pub fn typical(self) -> Plan {
        const ETHEREUM: &str = "0xE1C325306ce62691b71DC61656b7Db78a939bdB0";
        let (wallet, agent, difficulty) = match self {
            Dialect::Monero | Dialect::Tari => (
                crate::story::MONERO_WALLET,
                "XMRig/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.1",
                90_001.0,
            ),
            Dialect::Bitcoin => ("12XAL4rzud65wNzmEYb4EowaoiKTgnPry8", "cgminer/4.12.1", 4096.0),
            Dialect::EthProxy => (ETHEREUM, "ethminer-0.19.0", 4e9),
            Dialect::EthStratum1 => (ETHEREUM, "ethminer-0.19.0", 0.5),
            Dialect::EthStratum2 => (ETHEREUM, "ethminer-0.19.0", 4e9),
            Dialect::Equihash => ("t1VF1UFHgpRvFNz25FubfnXPyDWinUgXkEr", "equihashminer", 16_000.0),
            Dialect::KawPow => ("RNevnuWG1KCEjEgdz98iXypNJXBBZbZcwv", "kawpowminer/1.2.4", 2e9),
            Dialect::Kaspa => (
                "kaspa:qr5n0xxa5l6r4fgthwnsga0futjhfe49ctvl75xc73sscfkke5052yyhyl99u",
                "lolMiner 1.85",
                8.0,
            ),
            Dialect::IronFish => {
                ("04e9c0db7d1f5a2b6c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293", "bzminer", 1e9)
            }
            Dialect::Alephium => {
                ("1DrDyTr9RpRsQnDnXo2YRiPzPW4ooHX5LLoqXrqfMrpQH", "SRBMiner-MULTI/2.4.5", 16.0)
            }
            Dialect::Conflux => (ETHEREUM, "cfxmine", 1e9),
            Dialect::Grin => ("user", "grin-miner", 4.0),
            Dialect::Aeternity => {
                ("ak_2swhLkgBPeeADxVTAVCJnZLY5NZtCFiM93JxsEaMuC59euuFRQ", "gminer/2.09", 8.0)
            }
            Dialect::Browser => ("aZ3kQ9mT1xVb7Yp0LrEw5UhNs2JcGdOf", "", 256.0),
        };
        Plan {
            wallet: wallet.into(),
            worker: "rig1".into(),
            agent: agent.into(),
            shares: 20,
            share_gap: 15.0,
            rejects: 0.05,
            job_gap: 30.0,
            difficulty,
        }
    }

    /// The conversation of a miner with a pool.
    pub fn converse(self, plan: &Plan, rng: &mut Rng) -> Conversation {
        let mut grammar: Box<dyn Grammar> = match self {
            Dialect::Monero => Box::new(monero::Monero::new(plan, rng)),
            Dialect::Bitcoin => Box::new(bitcoin::Bitcoin::default()),
            Dialect::EthProxy => Box::new(eth_proxy::EthProxy::default()),
            Dialect::EthStratum1 => Box::new(eth_stratum1::EthStratum1::default()),
            Dialect::EthStratum2 => Box::new(eth_stratum2::EthStratum2::default()),
            Dialect::Equihash => Box::new(equihash::Equihash::default()),
            Dialect::KawPow => Box::new(kawpow::KawPow::default()),
            Dialect::Kaspa => Box::new(kaspa::Kaspa::default()),
            Dialect::IronFish => Box::new(ironfish::IronFish::default()),
            Dialect::Alephium => Box::new(alephium::Alephium::default()),
            Dialect::Conflux => Box::new(conflux::Conflux::default()),
            Dialect::Grin => Box::new(grin::Grin::default()),
            Dialect::Tari => Box::new(tari::Tari::default()),
            Dialect::Aeternity => Box::new(aeternity::Aeternity::default()),
            Dialect::Browser => Box::new(browser::Browser::default()),
        };
        let mut conversation = course(grammar.as_mut(), plan, rng);
        conversation.truth.dialect = self.name();
        conversation
    }
}

/// How a dialect says things. Texts are lines without their line feed.
pub(crate) trait Grammar {
    /// Everything up to and including the first job; how many jobs that were.
    fn hello(&mut self, script: &mut Script, truth: &mut Truth, plan: &Plan, rng: &mut Rng) -> u64;
    /// New work.
    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String;
    /// A share for the newest work, as request `id`.
    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String;
    fn accept(&mut self, id: u64) -> String;
    fn reject(&mut self, id: u64) -> String;
    /// Expected hashes of one share.
    fn hashes(&self, plan: &Plan) -> f64;
    /// What the miner sends now and then beside shares.
    fn chatter(&mut self, id: u64, rng: &mut Rng) -> Option<String> {
        let _ = (id, rng);
        None
    }
}

fn course(grammar: &mut dyn Grammar, plan: &Plan, rng: &mut Rng) -> Conversation {
    /// Ids of submissions start here: above every id of a greeting.
    const FIRST_ID: u64 = 40;
    let mut script = Script::default();
    let mut truth = Truth { verdict: "active", ..Truth::default() };
    truth.jobs = grammar.hello(&mut script, &mut truth, plan, rng);
    let mut share = micros(rng.exponential(plan.share_gap));
    let mut job = micros(plan.job_gap);
    for number in 0..plan.shares as u64 {
        while job < share {
            script.wait(job).line(Pool, &grammar.job(plan, rng));
            truth.jobs += 1;
            share -= job;
            job = micros(plan.job_gap);
        }
        job -= share;
        let id = FIRST_ID + 2 * number;
        script.wait(share).line(Miner, &grammar.submit(id, plan, rng));
        share = micros(rng.exponential(plan.share_gap));
        truth.submitted += 1;
        if rng.chance(plan.rejects) {
            truth.rejected += 1;
            script.line(Pool, &grammar.reject(id));
        } else {
            truth.accepted += 1;
            truth.hashes += grammar.hashes(plan);
            script.line(Pool, &grammar.accept(id));
        }
        if rng.chance(0.2)
            && let Some(line) = grammar.chatter(id + 1, rng)
        {
            script.line(Miner, &line);
        }
    }
    script.conversation.truth = truth;
    script.conversation
}

/// `user.worker`, as most pools want it.
pub(crate) fn account(plan: &Plan) -> String {
    format!("{}.{}", plan.wallet, plan.worker)
}

/// Fills in what a login tells.
pub(crate) fn introduce(truth: &mut Truth, plan: &Plan, login: &str) {
    truth.login = Some(login.to_owned());
    truth.wallet = Some(plan.wallet.clone());
    truth.worker = Some(plan.worker.clone());
    truth.agent = (!plan.agent.is_empty()).then(|| plan.agent.clone());
}

/// The 256-bit target that `hashes` expected hashes correspond to, big endian, in 64 digits.
pub(crate) fn target(hashes: f64) -> String {
    // 2^256 / hashes, as mantissa and exponent: 52 bits are exact enough for a target.
    let quotient = 1.0 / hashes.max(1.0);
    let mut digits = String::with_capacity(64);
    let mut rest = quotient;
    for _ in 0..16 {
        rest *= 65_536.0;
        let word = rest.floor().min(65_535.0);
        rest -= word;
        digits += &format!("{:04x}", word as u16);
    }
    digits
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_the_inverse_of_its_work() {
        assert!(target(16_000.0).starts_with("0004189374bc"));
        assert!(target(1088.0).starts_with("003c3c3c"));
    }

    #[test]
    fn every_line_of_every_dialect_is_json_and_the_truth_adds_up() {
        for dialect in Dialect::ALL {
            let conversation = dialect.converse(&dialect.typical(), &mut Rng::new(1));
            for message in &conversation.messages {
                let line: Result<serde_json::Value, _> = serde_json::from_slice(&message.bytes);
                assert!(line.is_ok(), "{dialect:?}: {}", String::from_utf8_lossy(&message.bytes));
            }
            let truth = &conversation.truth;
            assert_eq!(truth.submitted, 20, "{dialect:?}");
            assert_eq!(truth.accepted + truth.rejected, truth.submitted, "{dialect:?}");
        }
    }
}
