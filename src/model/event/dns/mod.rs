//! A DNS message (RFC 1035), with names decoded and lower-cased.

pub mod class;
pub mod record_type;

use std::net::IpAddr;

use crate::model::chunk::Direction;

/// A query or a response. Names are lower case without the final dot; bytes outside printable
/// ASCII, dots inside a label and backslashes are written as `\DDD` (RFC 1035 §5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsMessage {
    /// In which it travels.
    pub direction: Direction,
    /// The message's identifier.
    pub id: u16,
    /// Whether it is an answer.
    pub response: bool,
    /// 0 for an ordinary query (RFC 1035 §4.1.1).
    pub opcode: u8,
    /// Lower four bits of the header and, where an OPT record is present, its upper eight
    /// (RFC 6891 §6.1.3).
    pub rcode: u16,
    /// The TC bit: the answer is longer than its datagram.
    pub truncated: bool,
    /// The question section.
    pub questions: Vec<Question>,
    /// The answer section, as far as it was read.
    pub answers: Vec<Answer>,
    /// What was odd about the message.
    pub anomalies: DnsAnomalies,
}

impl DnsMessage {
    /// The direction in which the asker's messages travel, whichever end the flow's initiator is.
    pub const fn asker(&self) -> Direction {
        if self.response { self.direction.reverse() } else { self.direction }
    }
}

/// One question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The name asked for.
    pub name: String,
    /// One of [`record_type`], or any other.
    pub qtype: u16,
    /// One of [`class`], or any other.
    pub qclass: u16,
}

/// A record of the answer section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The record's owner.
    pub name: String,
    /// TYPE (IANA registry).
    pub rtype: u16,
    /// Seconds.
    pub ttl: u32,
    /// What the record says.
    pub data: AnswerData,
}

/// What a record of the answer section says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerData {
    /// A or AAAA.
    Address(IpAddr),
    /// CNAME, DNAME, NS, PTR, MX or SRV: the name it points to.
    Name(String),
    /// SVCB or HTTPS (RFC 9460): target name (empty: the owner itself) and address hints.
    #[allow(missing_docs)] // see above
    Service { target: String, hints: Vec<IpAddr> },
    /// Anything else, or data that could not be read.
    Other,
}

/// Oddities that stop lesser parsers; each is noted and the rest of the message is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DnsAnomalies {
    /// The header announces more records than the message holds.
    pub short_sections: bool,
    /// A name could not be decoded (bad pointer, over 255 bytes, over the jump budget).
    pub bad_name: bool,
    /// Bytes after the last record.
    pub trailing_bytes: bool,
}
