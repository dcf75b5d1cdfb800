//! Keeps the miner's open requests and counts its shares.

use std::collections::VecDeque;

use crate::model::event::mining::Shares;

use super::super::framing::message::Id;

/// Most open requests of a conversation. Pools answer within a round trip; with 512 unanswered
/// requests, the pool's direction is probably not captured.
const MAX_OPEN: usize = 512;

/// Kind of an open request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PendingShare {
    Hello,
    Login,
    Work,
    Hashrate,
    Other,
    Share,
}

/// A request that has no answer yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub id: Id,
    pub asked: PendingShare,
    /// Expected hashes of a share, if its job and difficulty are known.
    pub hashes: Option<f64>,
}

impl Open {
    pub(super) fn is_share(&self) -> bool {
        self.asked == PendingShare::Share
    }
}

/// Work of the shares that were not rejected and whose expected hashes are known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct ProvenWork {
    pub shares: u64,
    pub hashes: f64,
    pub hashes_squared: f64,
}

impl ProvenWork {
    fn add(&mut self, hashes: Option<f64>) {
        if let Some(hashes) = hashes {
            self.shares += 1;
            self.hashes += hashes;
            self.hashes_squared += hashes * hashes;
        }
    }
}

/// Open requests in the order in which they were sent, and counts of the shares among them.
///
/// At the limit, other requests are dropped before shares. Otherwise a miner whose requests stay
/// unanswered would lose shares: eth-proxy pools answer `eth_getWork` with another id.
#[derive(Debug, Default)]
pub(super) struct ShareLedger {
    open: VecDeque<Open>,
    submitted: u64,
    accepted: u64,
    rejected: u64,
    /// Work of the shares that are no longer open.
    proven: ProvenWork,
}

impl ShareLedger {
    /// Bytes held in memory.
    pub(super) fn held(&self) -> usize {
        self.open.capacity() * size_of::<Open>()
    }

    pub(super) fn ask(&mut self, open: Open) {
        if open.is_share() {
            self.submitted += 1;
        }
        if self.open.len() >= MAX_OPEN {
            // Requests that are not shares are dropped first.
            let at = self.open.iter().position(|open| !open.is_share()).unwrap_or(0);
            if let Some(dropped) = self.open.remove(at) {
                self.proven.add(dropped.hashes);
            }
        }
        self.open.push_back(open);
    }

    /// Removes and returns the oldest open request that fits.
    pub(super) fn take(&mut self, fits: impl Fn(&Open) -> bool) -> Option<Open> {
        let at = self.open.iter().position(fits)?;
        self.open.remove(at)
    }

    pub(super) fn any(&self, fits: impl Fn(&Open) -> bool) -> bool {
        self.open.iter().any(fits)
    }

    /// Counts the pool's answer to a share that [`ShareLedger::take`] returned.
    pub(super) fn settle(&mut self, share: Open, accepted: bool) {
        if accepted {
            self.accepted += 1;
            self.proven.add(share.hashes);
        } else {
            self.rejected += 1;
        }
    }

    pub(super) fn shares(&self) -> Shares {
        Shares {
            submitted: self.submitted,
            accepted: self.accepted,
            rejected: self.rejected,
            unanswered: self.submitted - self.accepted - self.rejected,
        }
    }

    /// Work of all shares, including those still open.
    pub(super) fn proven(&self) -> ProvenWork {
        let mut proven = self.proven;
        self.open.iter().for_each(|open| proven.add(open.hashes));
        proven
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(id: u64, hashes: f64) -> Open {
        Open { id: Id::Some(id), asked: PendingShare::Share, hashes: Some(hashes) }
    }

    #[test]
    fn answers_to_a_reused_id_go_to_the_oldest_share() {
        let mut ledger = ShareLedger::default();
        ledger.ask(share(4, 100.0));
        ledger.ask(share(4, 200.0));
        let first = ledger.take(|open| open.id == Id::Some(4)).unwrap();
        ledger.settle(first, false);
        let second = ledger.take(|open| open.id == Id::Some(4)).unwrap();
        ledger.settle(second, true);
        assert!(ledger.take(|open| open.id == Id::Some(4)).is_none());
        let shares = Shares { submitted: 2, accepted: 1, rejected: 1, unanswered: 0 };
        assert_eq!(ledger.shares(), shares);
        assert_eq!(ledger.proven().hashes, 200.0);
    }

    #[test]
    fn open_requests_are_bounded_and_the_oldest_share_becomes_unanswered() {
        let mut ledger = ShareLedger::default();
        for id in 0..2000 {
            ledger.ask(share(id, 1.0));
            ledger.ask(Open { id: Id::None, asked: PendingShare::Work, hashes: None });
        }
        assert!(ledger.open.len() <= MAX_OPEN);
        assert!(ledger.take(|open| open.id == Id::Some(0)).is_none());
        assert_eq!(ledger.shares().unanswered, 2000);
        assert_eq!(
            ledger.proven(),
            ProvenWork { shares: 2000, hashes: 2000.0, hashes_squared: 2000.0 }
        );
    }
}
