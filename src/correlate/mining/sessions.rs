//! Sums the mining conversations of one incident.

use std::collections::BTreeMap;

use super::hashrate::{Hashrate, WorkTotal};
use crate::model::event::MiningSession;
use crate::model::record::Shares;

/// Conversations of one host that are open at once and counted. A farm behind one address has
/// hundreds. Each takes a kilobyte here, and much more in the parser that reports it. Beyond this a
/// conversation counts only when others have ended.
const MAX_OPEN: usize = 1024;

/// The conversations of one incident, by flow. A conversation reports its whole state repeatedly,
/// so only the newest report counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions {
    /// Boxed, since a node of the map reserves room for eleven.
    open: BTreeMap<u64, Box<MiningSession>>,
    ended_shares: Shares,
    ended_work: WorkTotal,
    ended_jobs: u64,
    /// The most informative conversation that has ended; see [`telling`].
    ended: Option<Box<MiningSession>>,
    /// The most informative conversation that has ended and has a login.
    ended_named: Option<Box<MiningSession>>,
    connections: u64,
}

impl Sessions {
    pub(super) fn update(&mut self, flow: u64, session: &MiningSession) {
        if self.open.len() >= MAX_OPEN && !self.open.contains_key(&flow) {
            return;
        }
        if self.open.insert(flow, Box::new(session.clone())).is_none() {
            self.connections += 1;
        }
    }

    /// Ends the conversation of a flow and keeps its sums.
    pub(super) fn end(&mut self, flow: u64) {
        let Some(session) = self.open.remove(&flow) else { return };
        self.ended_shares.add(&session.shares);
        self.ended_work.add(&session.work);
        self.ended_jobs += session.jobs;
        self.keep(session);
    }

    /// Keeps a conversation that has ended, if it is the most informative.
    fn keep(&mut self, session: Box<MiningSession>) {
        let better = |best: &Option<Box<MiningSession>>| {
            best.as_ref().is_none_or(|best| telling(best) <= telling(&session))
        };
        if session.login.is_some() && better(&self.ended_named) {
            self.ended_named = Some(session.clone());
        }
        if better(&self.ended) {
            self.ended = Some(session);
        }
    }

    /// Removes the flow's conversation, which moves to another incident.
    pub(super) fn release(&mut self, flow: u64) {
        if self.open.remove(&flow).is_some() {
            self.connections -= 1;
        }
    }

    /// Takes over the conversations of another incident of the host.
    pub(super) fn absorb(&mut self, mut other: Sessions) {
        let connections = self.connections + other.connections;
        let open: Vec<u64> = other.flows().collect();
        for flow in open {
            if let Some(session) = other.open.remove(&flow) {
                self.update(flow, &session);
            }
        }
        self.connections = connections;
        for session in [other.ended, other.ended_named].into_iter().flatten() {
            self.keep(session);
        }
        self.ended_shares.add(&other.ended_shares);
        self.ended_work.merge(&other.ended_work);
        self.ended_jobs += other.ended_jobs;
    }

    /// The flows whose conversations are open.
    pub(super) fn flows(&self) -> impl Iterator<Item = u64> {
        self.open.keys().copied()
    }

    pub(super) fn any_open(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn connections(&self) -> u64 {
        self.connections
    }

    pub(super) fn shares(&self) -> Shares {
        let mut shares = self.ended_shares;
        self.open.values().for_each(|session| shares.add(&session.shares));
        shares
    }

    pub(super) fn jobs(&self) -> u64 {
        self.ended_jobs + self.open.values().map(|session| session.jobs).sum::<u64>()
    }

    pub(super) fn hashrate(&self) -> Option<Hashrate> {
        let mut work = self.ended_work.clone();
        self.open.values().for_each(|session| work.add(&session.work));
        work.hashrate()
    }

    /// The conversation that is most informative about the miner.
    pub(super) fn most_telling(&self) -> Option<&MiningSession> {
        self.ended.iter().chain(self.open.values()).map(Box::as_ref).max_by_key(|s| telling(s))
    }

    /// The most informative conversation with a login. A miner may ask a node for work in one
    /// connection and submit its block in another.
    pub(super) fn most_telling_login(&self) -> Option<&MiningSession> {
        let open = self.open.values().filter(|session| session.login.is_some());
        self.ended_named.iter().chain(open).map(Box::as_ref).max_by_key(|s| telling(s))
    }
}

/// Sort key of how informative a session is: donations rank lowest, then come the stage, the shares
/// submitted and whether there is a login.
fn telling(session: &MiningSession) -> impl Ord + use<> {
    (!session.donation, session.stage(), session.shares.submitted, session.login.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(submitted: u64) -> MiningSession {
        MiningSession {
            shares: Shares { submitted, accepted: submitted, ..Shares::default() },
            jobs: 1,
            ..MiningSession::default()
        }
    }

    #[test]
    fn reports_of_one_flow_replace_each_other_and_flows_add_up() {
        let mut sessions = Sessions::default();
        sessions.update(1, &session(5));
        sessions.update(1, &session(7));
        sessions.update(2, &session(3));
        assert_eq!((sessions.shares().submitted, sessions.connections()), (10, 2));
        sessions.end(1);
        assert_eq!((sessions.shares().submitted, sessions.jobs()), (10, 2));
        assert!(sessions.any_open());
        sessions.end(2);
        assert!(!sessions.any_open());
        assert_eq!(sessions.most_telling().unwrap().shares.submitted, 7);
    }

    #[test]
    fn however_many_conversations_are_open_each_counts_once_at_most() {
        let mut sessions = Sessions::default();
        let flows = MAX_OPEN as u64 + 200;
        for shares in 1..=3 {
            (0..flows).for_each(|flow| sessions.update(flow, &session(shares)));
        }
        let told = |sessions: &Sessions| (sessions.shares().submitted, sessions.connections());
        assert_eq!(told(&sessions), (3 * MAX_OPEN as u64, MAX_OPEN as u64));
        (0..flows).for_each(|flow| sessions.end(flow));
        assert_eq!(told(&sessions), (3 * MAX_OPEN as u64, MAX_OPEN as u64));
    }
}
