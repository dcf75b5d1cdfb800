//! What is said in one connection, before it becomes packets.

use serde::Serialize;

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    Miner,
    Pool,
}

/// Bytes that one side writes at once, `at` microseconds after the connection was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub at: u64,
    pub from: Speaker,
    pub bytes: Vec<u8>,
}

/// What a sensor should find out: the ground truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Truth {
    pub dialect: String,
    /// The verdict that the whole conversation deserves: `active` where shares were submitted.
    pub verdict: &'static str,
    pub login: Option<String>,
    pub wallet: Option<String>,
    pub worker: Option<String>,
    pub agent: Option<String>,
    pub jobs: u64,
    pub submitted: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// Σ expected hashes of the accepted shares.
    pub hashes: f64,
}

/// One connection's worth of messages, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    pub messages: Vec<Message>,
    pub truth: Truth,
}

/// Time on the wire from one side to the other, in microseconds.
pub const ONE_WAY: u64 = 15_000;

/// Builds a conversation message by message.
#[derive(Debug, Default)]
pub struct Script {
    pub conversation: Conversation,
    now: u64,
}

impl Script {
    /// Lets `micros` pass.
    pub fn wait(&mut self, micros: u64) -> &mut Self {
        self.now += micros;
        self
    }

    pub fn now(&self) -> u64 {
        self.now
    }

    pub fn say(&mut self, from: Speaker, bytes: impl Into<Vec<u8>>) -> &mut Self {
        self.now += ONE_WAY;
        self.conversation.messages.push(Message { at: self.now, from, bytes: bytes.into() });
        self
    }

    /// A line: the text and a line feed.
    pub fn line(&mut self, from: Speaker, text: &str) -> &mut Self {
        self.say(from, format!("{text}\n"))
    }
}
