//! The mining protocols that can be spoken, one file each.

pub mod bitcoin;
pub mod monero;

use clap::ValueEnum;

use crate::conversation::Conversation;
use crate::rng::Rng;

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    Monero,
    Bitcoin,
}

/// What the miner is and does.
#[derive(Clone, Debug)]
pub struct Plan {
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
    /// The conversation of a miner with a pool.
    pub fn converse(self, plan: &Plan, rng: &mut Rng) -> Conversation {
        match self {
            Dialect::Monero => monero::converse(plan, rng),
            Dialect::Bitcoin => bitcoin::converse(plan, rng),
        }
    }
}

/// When the next share and the next job come, in microseconds from now.
pub(crate) struct Clock {
    share: u64,
    job: u64,
}

/// What comes first.
pub(crate) enum Next {
    Share { wait: u64 },
    Job { wait: u64 },
}

impl Clock {
    pub fn new(plan: &Plan, rng: &mut Rng) -> Self {
        Clock { share: micros(rng.exponential(plan.share_gap)), job: micros(plan.job_gap) }
    }

    pub fn next(&mut self, plan: &Plan, rng: &mut Rng) -> Next {
        if self.share <= self.job {
            let wait = self.share;
            self.job -= wait;
            self.share = micros(rng.exponential(plan.share_gap));
            Next::Share { wait }
        } else {
            let wait = self.job;
            self.share -= wait;
            self.job = micros(plan.job_gap);
            Next::Job { wait }
        }
    }
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}
