//! Acts: what a mining message does, independent of the dialect.
//!
//! The dialect grammars and Stratum V2 turn messages into acts; a session processes them.

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
    /// The miner asks for work; `standing` if it also asks for all later jobs.
    AskWork { standing: bool },
    /// The miner submits a share.
    Submit(Submit<'a>),
    /// The miner reports its own hashrate, in hashes per second.
    Hashrate(f64),
    /// The miner sends a message without effect on the conversation, such as a keep-alive.
    Idle,
    /// The pool sends a message that only pools send, without work in it.
    Greeting(Greeting<'a>),
    /// The pool sets the difficulty of later jobs.
    Difficulty(Measure),
    /// The pool delivers work.
    Job(Job<'a>),
    /// The pool answers a share in a separate message.
    Answer { to: Id, outcome: RequestOutcome },
    /// The pool accepts the oldest open shares, `shares` of them, at once (Stratum V2).
    Receipt { shares: u32 },
    /// The pool ends the conversation and gives this reason.
    SendAway(Cow<'a, str>),
    /// The pool sends the miner to another server; an empty host means the same host.
    Redirect { host: Cow<'a, str>, port: u16 },
    /// The pool asks for the miner's version.
    AskVersion,
}

impl Act<'_> {
    /// Whether the miner is the sender.
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
    /// The most likely dialect, until a later message proves one.
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
    /// Has members that only XMRig's donation rounds send.
    pub donation: bool,
    /// The form of the message alone proves mining. Otherwise a wallet, a known mining program,
    /// a known algorithm or the pool's answer must prove it.
    pub certain: bool,
    pub likely: Dialect,
}

#[derive(Debug, Default)]
pub(super) struct Greeting<'a> {
    pub algorithm: Option<Cow<'a, str>>,
    /// The pool lets the miner roll bits of the block's version (BIP 310), which only SHA-256d
    /// miners do.
    pub version_rolling: bool,
    pub likely: Dialect,
}

#[derive(Debug)]
pub(super) struct Submit<'a> {
    /// Name of the job that the share belongs to; empty where the dialect has none.
    pub job: Cow<'a, str>,
    /// Every field has its required format.
    pub strict: bool,
    /// User name of the submitter, where the dialect repeats it.
    pub user: Option<Cow<'a, str>>,
    /// Hashes computed since the miner started, where it reports them (xmr-stak).
    pub hash_count: Option<f64>,
    /// The nonce, in dialects whose miners are known to count it up (see `pace`).
    pub nonce: Option<u32>,
}

impl<'a> Submit<'a> {
    /// A share whose fields all have their required format.
    pub(super) fn strict(job: Cow<'a, str>, user: Option<Cow<'a, str>>) -> Self {
        Submit { job, strict: true, user, hash_count: None, nonce: None }
    }
}

#[derive(Debug)]
pub(super) struct Job<'a> {
    pub id: Cow<'a, str>,
    /// Names of further jobs in the same message, with the same difficulty.
    pub siblings: Vec<Cow<'a, str>>,
    pub measure: Measure,
    pub algorithm: Option<Cow<'a, str>>,
    pub proof: Proof,
}

impl<'a> Job<'a> {
    /// A job whose fields all have their required format.
    pub(super) fn strict(id: Cow<'a, str>, measure: Measure) -> Self {
        let proof = Proof::Strict;
        Job { id, siblings: Vec::new(), measure, algorithm: None, proof }
    }
}

/// How much a delivered job proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Every field has its required format.
    Strict,
    /// Only the method's name indicates a job.
    Loose,
    /// A block template. Wallets and explorers also fetch one, but not one after another.
    Template,
}

/// Difficulty of a share, in one of several units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measure {
    /// The value of the last [`Act::Difficulty`].
    InForce,
    /// In the dialect's unit (see `evidence`).
    Difficulty(f64),
    /// Expected hashes, from a full target.
    Hashes(f64),
    /// Expected hashes at difficulty 1, to be divided by the difficulty in force (Ergo).
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
