//! The ground truth: what a sensor should find out from a capture.
//!
//! It is computed from the messages that are in the capture, not from those that were said: a
//! login before the capture began is nobody's to know.

mod file;

use serde::Serialize;

pub use file::{File, Recipe};

use crate::conversation::{Message, Speaker, Tag};

/// What is true of a conversation as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Name of the grammar, as sensors report it; empty if this is no mining.
    pub dialect: &'static str,
    pub coin: Option<&'static str>,
    /// What wraps the messages inside the TCP connection, outermost first.
    pub carriers: Vec<&'static str>,
    /// The pool as the client names it to a proxy: `pool.example:3333`.
    pub tunnel: Option<String>,
    /// The client on whose behalf a proxy connects (PROXY protocol).
    pub proxied_for: Option<String>,
    pub login: Option<String>,
    pub password: Option<String>,
    pub wallet: Option<String>,
    pub worker: Option<String>,
    pub agent: Option<String>,
    /// Shares repeat the login, so that it is known without the beginning.
    pub named_in_shares: bool,
    /// Every request says which program sends it.
    pub agent_in_requests: bool,
    /// Hashes per second with which the shares were drawn.
    pub hashrate_hs: Option<f64>,
    /// This is pool probing: logins without ever mining, over many pools.
    pub probe: bool,
}

/// The truth of one TCP connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stream {
    pub stream: usize,
    pub client: String,
    pub server: String,
    pub packets: usize,
    pub duration_s: f64,
    pub starts_with_syn: bool,
    /// `null`: not mining, a sensor must stay silent. Else what the visible messages prove:
    /// `attempt`, `session`, `mining`, `active`; or `probe`.
    pub verdict: Option<&'static str>,
    pub dialect: Option<&'static str>,
    pub coin: Option<&'static str>,
    pub carriers: Vec<&'static str>,
    pub tunnel: Option<String>,
    pub proxied_for: Option<String>,
    pub login: Option<String>,
    pub password: Option<String>,
    pub wallet: Option<String>,
    pub worker: Option<String>,
    pub agent: Option<String>,
    pub jobs: usize,
    pub submits: usize,
    pub submits_ok: usize,
    pub submits_error: usize,
    pub submits_unanswered: usize,
    /// Difficulty of the newest job, in the dialect's own unit.
    pub difficulty: Option<f64>,
    /// Expected hashes of the newest share.
    pub hashes_per_share: Option<f64>,
    /// Σ expected hashes of the shares that were not rejected.
    pub hashes: f64,
    pub hashrate_hs: Option<f64>,
}

impl Stream {
    /// What `messages`, those that the capture shows, tell of a conversation.
    pub fn of<'a>(facts: &Facts, messages: impl Iterator<Item = &'a Message>) -> Stream {
        let (mut login, mut refused) = (false, false);
        let (mut miner_spoke, mut pool_spoke) = (false, false);
        let mut shares: Vec<(usize, f64)> = Vec::new();
        let mut answers: Vec<(usize, bool)> = Vec::new();
        let mut stream = Stream::default();
        for message in messages {
            miner_spoke |= message.from == Speaker::Miner;
            pool_spoke |= message.from == Speaker::Pool;
            match message.tag {
                Tag::Other => {}
                Tag::Login => login = true,
                Tag::Refusal => refused = true,
                Tag::Job(difficulty) => {
                    stream.jobs += 1;
                    stream.difficulty = Some(difficulty);
                }
                Tag::Share { number, hashes } => shares.push((number, hashes)),
                Tag::Answer { number, accepted } => answers.push((number, accepted)),
            }
        }
        stream.submits = shares.len();
        stream.hashes_per_share = shares.last().map(|(_, hashes)| *hashes);
        for (number, hashes) in shares {
            match answers.iter().find(|(answered, _)| *answered == number) {
                Some((_, true)) => stream.submits_ok += 1,
                Some((_, false)) => stream.submits_error += 1,
                None => stream.submits_unanswered += 1,
            }
            if !answers.contains(&(number, false)) {
                stream.hashes += hashes;
            }
        }
        stream.verdict = if facts.dialect.is_empty() {
            None
        } else if facts.probe {
            Some("probe")
        } else if stream.submits > 0 {
            Some("active")
        } else if stream.jobs > 0 {
            Some("mining")
        } else if login && pool_spoke && !refused {
            Some("session")
        } else {
            login.then_some("attempt")
        };
        if stream.verdict.is_none() {
            return stream;
        }
        stream.dialect = Some(facts.dialect);
        stream.coin = facts.coin;
        stream.carriers.clone_from(&facts.carriers);
        stream.tunnel.clone_from(&facts.tunnel);
        stream.proxied_for.clone_from(&facts.proxied_for);
        if login || (facts.named_in_shares && stream.submits > 0) {
            stream.login.clone_from(&facts.login);
            stream.wallet.clone_from(&facts.wallet);
            stream.worker.clone_from(&facts.worker);
        }
        if login {
            stream.password.clone_from(&facts.password);
        }
        if login || (facts.agent_in_requests && miner_spoke) {
            stream.agent.clone_from(&facts.agent);
        }
        stream.hashrate_hs = facts.hashrate_hs;
        stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(from: Speaker, tag: Tag) -> Message {
        Message { at: 0, from, bytes: Vec::new(), tag }
    }

    fn verdict(tags: &[(Speaker, Tag)]) -> Option<&'static str> {
        let facts = Facts { dialect: "monero", ..Facts::default() };
        let messages: Vec<_> = tags.iter().map(|&(from, tag)| message(from, tag)).collect();
        Stream::of(&facts, messages.iter()).verdict
    }

    #[test]
    fn the_verdict_is_what_the_visible_messages_prove() {
        use Speaker::{Miner, Pool};
        let share = Tag::Share { number: 0, hashes: 1.0 };
        assert_eq!(verdict(&[(Miner, Tag::Login)]), Some("attempt"));
        assert_eq!(verdict(&[(Miner, Tag::Login), (Pool, Tag::Refusal)]), Some("attempt"));
        assert_eq!(verdict(&[(Miner, Tag::Login), (Pool, Tag::Other)]), Some("session"));
        assert_eq!(verdict(&[(Pool, Tag::Job(1.0))]), Some("mining"));
        assert_eq!(verdict(&[(Miner, share)]), Some("active"));
        assert_eq!(verdict(&[(Pool, Tag::Other)]), None);
    }

    #[test]
    fn a_share_whose_answer_is_not_in_the_capture_is_unanswered() {
        let facts = Facts { dialect: "monero", ..Facts::default() };
        let share = |number| message(Speaker::Miner, Tag::Share { number, hashes: 10.0 });
        let answer = |number, accepted| message(Speaker::Pool, Tag::Answer { number, accepted });
        let messages =
            [share(0), answer(0, true), share(1), answer(1, false), share(2), answer(9, true)];
        let stream = Stream::of(&facts, messages.iter());
        let counts = (stream.submits, stream.submits_ok, stream.submits_error);
        assert_eq!((counts, stream.submits_unanswered), ((3, 1, 1), 1));
        assert_eq!(stream.hashes, 20.0);
    }
}
