//! What a miner and its pool are going to do.

use crate::rng::Rng;

/// What the miner is and does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Payout address; each dialect has an invented, checksum-valid one of its own.
    pub wallet: String,
    pub worker: String,
    pub agent: String,
    /// Shares that the miner submits.
    pub shares: usize,
    /// Mean time between shares at `difficulty`, in seconds; the gaps are exponential.
    pub share_gap: f64,
    /// Share of the submissions that the pool rejects.
    pub rejects: f64,
    /// Longest time between jobs, in seconds.
    pub job_gap: f64,
    /// New blocks bring jobs, too.
    pub blocks: Option<Blocks>,
    /// Difficulty in the dialect's own unit.
    pub difficulty: f64,
    /// Hashes per second. The course works it out from `difficulty` and `share_gap`.
    pub hashrate: f64,
    /// The pool begins at half of `difficulty` and then follows the miner.
    pub vardiff: bool,
    /// Shares that are handed in at once.
    pub batch: usize,
    /// The pool takes up to this many seconds to answer.
    pub lateness: f64,
    /// The last shares get no answer.
    pub unanswered: usize,
    /// All requests have the same id.
    pub reuse_ids: bool,
    /// The pool says something before the miner does.
    pub server_first: bool,
    /// The pool refuses the login.
    pub refuse: bool,
    /// In the end the pool sends the miner to another host.
    pub redirect: Option<(String, u16)>,
}

impl Plan {
    /// A miner without peculiarities: 20 shares, one every 15 s.
    pub fn new(wallet: &str, agent: &str, difficulty: f64) -> Plan {
        Plan {
            wallet: wallet.into(),
            worker: "rig1".into(),
            agent: agent.into(),
            shares: 20,
            share_gap: 15.0,
            rejects: 0.05,
            job_gap: 30.0,
            blocks: None,
            difficulty,
            hashrate: 0.0,
            vardiff: false,
            batch: 1,
            lateness: 0.0,
            unanswered: 0,
            reuse_ids: false,
            server_first: false,
            refuse: false,
            redirect: None,
        }
    }
}

/// When the blocks of a coin are found: at the same moments for all its miners.
#[derive(Clone, Debug)]
pub struct Blocks {
    /// Microseconds after the capture began; ascending.
    pub times: Vec<u64>,
    /// When the connection was made, on the same clock.
    pub connected: u64,
}

impl Blocks {
    /// Blocks every `mean` seconds on average. The same seed finds them at the same moments.
    pub fn new(seed: u64, mean: f64) -> Blocks {
        /// Far more than any capture lasts.
        const COUNT: usize = 2000;
        let mut rng = Rng::new(seed ^ 0x626c_6f63_6b73);
        let mut now = 0;
        let times = std::iter::repeat_with(|| {
            now += micros(rng.exponential(mean)).max(1);
            now
        });
        Blocks { times: times.take(COUNT).collect(), connected: 0 }
    }

    /// Time from `now` (in the connection) to the next block.
    pub(crate) fn until_next(&self, now: u64) -> Option<u64> {
        let now = self.connected + now;
        self.times.iter().find(|time| **time > now).map(|time| time - now)
    }
}

pub(crate) fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Tag;
    use crate::dialect::Dialect;

    #[test]
    fn two_miners_of_a_coin_hear_of_a_block_at_the_same_moment() {
        let told = |connected: u64, seed: u64| -> Vec<u64> {
            let blocks = Blocks { connected, ..Blocks::new(9, 120.0) };
            let plan = Plan {
                job_gap: 1e6,
                blocks: Some(blocks),
                shares: 200,
                ..Dialect::Monero.typical()
            };
            let conversation = Dialect::Monero.converse(&plan, &mut Rng::new(seed));
            let jobs = conversation.messages.iter().filter(|m| matches!(m.tag, Tag::Job(_)));
            jobs.skip(1).map(|message| (message.at + connected) / 500_000).collect()
        };
        let (one, other) = (told(0, 1), told(30_000_000, 2));
        let shared = one.iter().filter(|time| other.contains(time)).count();
        assert!(shared >= 10, "{one:?} {other:?}");
    }
}
