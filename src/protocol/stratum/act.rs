//! Acts: what a message does, in the words of no dialect.
//!
//! Grammars and Stratum V2 turn messages into acts, and a session takes them.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::framing::message::{Id, RequestOutcome};
use super::identity::coin::plausible;

/// What a message does to the conversation.
#[derive(Debug)]
pub(super) enum Act<'a> {
    /// The miner opens the conversation without saying who it is.
    Hello(Hello<'a>),
    /// The miner says who it is.
    Login(Box<Login<'a>>),
    /// The miner asks for work; `standing` if it wants to be told of all that follows.
    AskWork { standing: bool },
    /// The miner hands in a share.
    Submit(Submit<'a>),
    /// The miner reports its own hashrate, in hashes per second.
    Hashrate(f64),
    /// The miner says something that moves nothing, such as a keep-alive.
    Idle,
    /// The pool says something that shows that it is one, but delivers no work.
    Greeting(Greeting<'a>),
    /// The pool sets the difficulty of the jobs to come.
    Difficulty(Measure),
    /// The pool delivers work.
    Job(Job<'a>),
    /// The pool answers a share with a message of its own.
    Answer { to: Id, outcome: RequestOutcome },
    /// The pool accepts the oldest so many shares at once (Stratum V2).
    Receipt { shares: u32 },
    /// The pool ends the conversation, for this reason.
    SendAway(Cow<'a, str>),
    /// The pool sends the miner elsewhere; an empty host means the same host.
    Redirect { host: Cow<'a, str>, port: u16 },
    /// The pool asks for the miner's version.
    AskVersion,
}

impl Act<'_> {
    /// Whether it is the miner who does this.
    pub(super) fn by_miner(&self) -> bool {
        matches!(
            self,
            Act::Hello(_)
                | Act::Login(_)
                | Act::AskWork { .. }
                | Act::Submit(_)
                | Act::Hashrate(_)
                | Act::Idle
        )
    }
}

#[derive(Debug, Default)]
pub(super) struct Hello<'a> {
    pub agent: Option<Cow<'a, str>>,
    /// The dialect that this points to, if nothing better comes.
    pub likely: Dialect,
}

#[derive(Debug, Default)]
pub(super) struct Login<'a> {
    pub user: Option<Cow<'a, str>>,
    pub password: Option<Cow<'a, str>>,
    pub worker: Option<Cow<'a, str>>,
    pub rig_id: Option<Cow<'a, str>>,
    pub agent: Option<Cow<'a, str>>,
    pub algorithms: Vec<Cow<'a, str>>,
    /// Extras that only XMRig's donation rounds send.
    pub donation: bool,
    /// The message is of mining whatever it contains; otherwise a wallet, a mining program or
    /// the pool's answer has to show it.
    pub certain: bool,
    pub likely: Dialect,
}

#[derive(Debug, Default)]
pub(super) struct Greeting<'a> {
    pub algorithm: Option<Cow<'a, str>>,
    pub likely: Dialect,
}

#[derive(Debug)]
pub(super) struct Submit<'a> {
    /// Name of the job worked on; empty where the dialect has none.
    pub job: Cow<'a, str>,
    /// Every field has the shape that it must have.
    pub strict: bool,
    /// Who hands it in, where the dialect repeats that.
    pub user: Option<Cow<'a, str>>,
    /// Hashes that the miner has made since its start, where it says so (xmr-stak).
    pub hash_count: Option<f64>,
    /// The nonce, where miners are known to count it up (see `pace`).
    pub nonce: Option<u32>,
}

impl<'a> Submit<'a> {
    /// A share of which every field has the shape that it must have.
    pub(super) fn strict(job: Cow<'a, str>, user: Option<Cow<'a, str>>) -> Self {
        Submit { job, strict: true, user, hash_count: None, nonce: None }
    }
}

#[derive(Debug)]
pub(super) struct Job<'a> {
    pub id: Cow<'a, str>,
    /// Names of further jobs that came with it, equally hard.
    pub siblings: Vec<Cow<'a, str>>,
    pub measure: Measure,
    pub algorithm: Option<Cow<'a, str>>,
    pub proof: Proof,
}

impl<'a> Job<'a> {
    /// A job of which every field has the shape that it must have.
    pub(super) fn strict(id: Cow<'a, str>, measure: Measure) -> Self {
        let proof = Proof::Strict;
        Job { id, siblings: Vec::new(), measure, algorithm: None, proof }
    }
}

/// How much a delivered job proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Every field has the shape that it must have.
    Strict,
    /// Only the method's name speaks for it.
    Loose,
    /// A block template: wallets and explorers fetch one, too, but not one after the other.
    Template,
}

/// How hard a share is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measure {
    /// As the last [`Act::Difficulty`] said.
    InForce,
    /// In the dialect's unit (see `coin::hashes_per_difficulty`).
    Difficulty(f64),
    /// Expected hashes, from a full target.
    Hashes(f64),
    /// Expected hashes at difficulty 1; the difficulty in force divides them (Ergo).
    HashesAtOne(f64),
    Unknown,
}

impl Measure {
    pub(super) fn of_hashes(hashes: Option<f64>) -> Measure {
        hashes.map_or(Measure::Unknown, Measure::Hashes)
    }

    pub(super) fn of_difficulty(difficulty: Option<f64>) -> Measure {
        difficulty.and_then(plausible).map_or(Measure::Unknown, Measure::Difficulty)
    }
}
