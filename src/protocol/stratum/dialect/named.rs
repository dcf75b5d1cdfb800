//! Arguments by name: one reader for all dialects that send objects where others send arrays.
//!
//! Names are compared without regard to case, `_` and `-`. This grammar reads the `mining.*`
//! messages of every dialect that has no grammar of its own; their dialect stays unknown.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::act::{Act, Hello, Job, Login, Measure, Proof, Submit};
use super::super::framing::json::JsonObject;
use super::super::framing::message::RpcMessage;
use super::super::identity::coin;
use super::super::text::{is_hex, is_hex_of, strip_0x};
use super::grammar::{Grammar, View, bare_answer, non_empty, texts};

pub(super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Unknown, message, answer: bare_answer };

/// Names of the payee, most telling first.
const USER: &[&str] = &[
    "wallet",
    "walletaddress",
    "login",
    "address",
    "publicaddress",
    "user",
    "username",
    "account",
];
const PASSWORD: &[&str] = &["pass", "password"];
const WORKER: &[&str] = &["worker", "workername", "rig", "rigid", "rigname", "name"];
const AGENT: &[&str] = &["agent", "useragent", "miner", "client", "software"];
const ALGORITHM: &[&str] = &["algo", "algos", "algorithm", "algorithms"];
const JOB: &[&str] = &["jobid", "job", "workid", "miningrequestid"];
const TARGET: &[&str] = &["target", "sharetarget", "boundary"];
const DIFFICULTY: &[&str] = &["difficulty", "diff", "sharedifficulty"];
const WORK: &[&str] = &[
    "header",
    "headerhash",
    "headerblob",
    "blob",
    "powhash",
    "prepow",
    "preimage",
    "minerwork",
    "work",
    "template",
    "input",
    "data",
    "seed",
];
const NONCE: &[&str] = &["nonce", "fullnonce", "nonce2", "extranonce2", "randomness"];
const SOLUTION: &[&str] = &[
    "proof",
    "plainproof",
    "solution",
    "pow",
    "result",
    "hash",
    "mixhash",
    "mix",
    "output",
    "powhash",
];

/// Minimum length of what a miner hashes, in hexadecimal digits: one 256-bit hash.
const MIN_WORK: usize = 64;
/// Minimum length of a nonce or solution, in digits of any kind. A nonce of 32 bits has 8.
const MIN_ANSWER: usize = 8;

/// The arguments of a message, by what they mean.
pub(super) struct NamedArguments<'m, 'a>(pub &'m JsonObject<'a>);

impl<'a> NamedArguments<'_, 'a> {
    pub(super) fn job(&self) -> Option<Cow<'a, str>> {
        self.0.any(JOB)?.scalar()
    }

    /// Reads a login; `None` if nobody is named.
    pub(super) fn login(&self) -> Option<Login<'a>> {
        let user = non_empty(self.0.any(USER)?.text())?;
        Some(Login {
            user: Some(user),
            password: self.0.any(PASSWORD).and_then(|value| value.scalar()),
            worker: non_empty(self.0.any(WORKER).and_then(|value| value.text())),
            agent: self.agent(),
            algorithms: self.algorithms(),
            ..Login::default()
        })
    }

    pub(super) fn agent(&self) -> Option<Cow<'a, str>> {
        non_empty(self.0.any(AGENT).and_then(|value| value.text()))
    }

    fn algorithms(&self) -> Vec<Cow<'a, str>> {
        let value = self.0.any(ALGORITHM);
        match value.and_then(|value| value.text()) {
            Some(only) => vec![only],
            None => texts(value),
        }
    }

    /// The difficulty of a job: a full target, a difficulty, or the one in force.
    pub(super) fn measure(&self) -> Measure {
        let target = self.0.any(TARGET).and_then(|value| value.text());
        if let Some(target) = target.filter(|text| is_hex_of(strip_0x(text), 64)) {
            return Measure::of_hashes(coin::hashes_below(&target));
        }
        match self.0.any(DIFFICULTY).and_then(|value| value.number()) {
            Some(difficulty) => Measure::of_difficulty(Some(difficulty)),
            None if self.0.any(TARGET).is_some() => Measure::Unknown,
            None => Measure::InForce,
        }
    }

    /// Reads a job; `None` without a name. It is strict if it has work and a difficulty.
    pub(super) fn read_job(&self) -> Option<Job<'a>> {
        let work = |name: &&str| {
            let value = self.0.any(&[*name]).and_then(|value| value.text());
            value.is_some_and(|text| strip_0x(&text).len() >= MIN_WORK && is_hex(strip_0x(&text)))
        };
        let measured = self.0.any(TARGET).or(self.0.any(DIFFICULTY)).is_some();
        let strict = measured && WORK.iter().any(work);
        Some(Job {
            proof: if strict { Proof::Strict } else { Proof::Loose },
            algorithm: non_empty(self.0.any(ALGORITHM).and_then(|value| value.text())),
            ..Job::strict(self.job()?, self.measure())
        })
    }

    /// Reads a share: it is strict if it has a nonce or a solution.
    pub(super) fn submit(&self) -> Submit<'a> {
        let answer = |name: &&str| {
            self.0.any(&[*name]).is_some_and(|value| match value.scalar() {
                Some(text) => text.len() >= MIN_ANSWER,
                None => value.is_array() || value.is_object(),
            })
        };
        let strict = NONCE.iter().chain(SOLUTION).any(answer);
        let job = self.job();
        Submit {
            strict: strict && job.is_some(),
            ..Submit::strict(
                job.unwrap_or(Cow::Borrowed("")),
                self.0.any(USER).or(self.0.any(WORKER)).and_then(|value| value.text()),
            )
        }
    }
}

fn message<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    if !message.params.is_some_and(|params| params.is_object()) {
        return None;
    }
    let arguments = NamedArguments(message.named());
    Some(match message.method.as_str() {
        "mining.authorize" | "mining.login" => {
            Act::Login(Box::new(Login { certain: true, ..arguments.login()? }))
        }
        "mining.subscribe" => match arguments.login() {
            Some(login) => Act::Login(Box::new(Login { certain: true, ..login })),
            None => Act::Hello(Hello { agent: arguments.agent(), ..Hello::default() }),
        },
        "mining.notify" | "mining.job" => Act::Job(arguments.read_job()?),
        "mining.submit" => Act::Submit(arguments.submit()),
        "mining.set_difficulty" | "mining.set_target" => Act::Difficulty(arguments.measure()),
        _ => return None,
    })
}
