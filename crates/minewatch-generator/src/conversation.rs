//! What is said in one connection, before it becomes packets.

use serde::Serialize;

use crate::truth::Facts;

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    Miner,
    Pool,
}

impl Speaker {
    pub fn other(self) -> Speaker {
        match self {
            Speaker::Miner => Speaker::Pool,
            Speaker::Pool => Speaker::Miner,
        }
    }
}

/// What a message means for the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Tag {
    #[default]
    Other,
    /// The miner says who it is.
    Login,
    /// The pool refuses the login.
    Refusal,
    /// The pool delivers work of this difficulty, in the dialect's own unit.
    Job(f64),
    /// The miner hands in its share `number`, which costs `hashes` on average.
    Share { number: usize, hashes: f64 },
    /// The pool answers share `number`.
    Answer { number: usize, accepted: bool },
}

/// Bytes that one side writes at once, `at` microseconds after the connection was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub at: u64,
    pub from: Speaker,
    pub bytes: Vec<u8>,
    pub tag: Tag,
}

/// One connection's worth of messages, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    pub messages: Vec<Message>,
    pub facts: Facts,
}

impl Conversation {
    /// When the last message is sent.
    pub fn end(&self) -> u64 {
        self.messages.last().map_or(0, |message| message.at)
    }

    /// Lets everything happen `micros` later, to make room at the beginning.
    pub fn delay(&mut self, micros: u64) {
        self.messages.iter_mut().for_each(|message| message.at += micros);
    }
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
        let message = Message { at: self.now, from, bytes: bytes.into(), tag: Tag::Other };
        self.conversation.messages.push(message);
        self
    }

    /// A line: the text and a line feed.
    pub fn line(&mut self, from: Speaker, text: &str) -> &mut Self {
        self.say(from, format!("{text}\n"))
    }

    /// Says what the newest message means.
    pub fn tag(&mut self, tag: Tag) -> &mut Self {
        if let Some(message) = self.conversation.messages.last_mut() {
            message.tag = tag;
        }
        self
    }

    /// Moves the newest message to a later time.
    pub fn postpone(&mut self, at: u64) -> &mut Self {
        if let Some(message) = self.conversation.messages.last_mut() {
            message.at = message.at.max(at);
        }
        self
    }

    /// The conversation, with postponed messages where they belong.
    pub fn finish(mut self) -> Conversation {
        self.conversation.messages.sort_by_key(|message| message.at);
        self.conversation
    }
}
