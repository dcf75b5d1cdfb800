//! DNS messages (RFC 1035), with names decoded and lower-cased.

pub mod class;
pub mod record_type;

use std::net::IpAddr;

use crate::model::chunk::Direction;

/// A DNS query or response.
///
/// Names are lower case, without the final dot. Bytes outside printable ASCII, dots inside a label
/// and backslashes are written as `\DDD` (RFC 1035 §5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsMessage {
    /// The direction in which the message travels.
    pub direction: Direction,
    /// The message's identifier.
    pub id: u16,
    /// Whether the message is a response.
    pub response: bool,
    /// 0 for an ordinary query (RFC 1035 §4.1.1).
    pub opcode: u8,
    /// Response code: four bits of the header and, with an OPT record, its upper eight bits
    /// (RFC 6891 §6.1.3).
    pub rcode: u16,
    /// The TC bit: the message did not fit into its datagram.
    pub truncated: bool,
    /// The question section.
    pub questions: Vec<Question>,
    /// Records of the answer section that were read.
    pub answers: Vec<Answer>,
    /// Malformations found in the message.
    pub anomalies: DnsAnomalies,
}

impl DnsMessage {
    /// The direction in which the asker's messages travel.
    ///
    /// The asker need not be the flow's initiator.
    pub const fn asker(&self) -> Direction {
        if self.response { self.direction.reverse() } else { self.direction }
    }
}

/// One record of the question section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The name asked for.
    pub name: String,
    /// Type asked for; [`record_type`] names the common ones.
    pub qtype: u16,
    /// Class asked for; [`class`] names the common ones.
    pub qclass: u16,
}

/// A record of the answer section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Owner name of the record.
    pub name: String,
    /// Record type (IANA registry).
    pub rtype: u16,
    /// Time to live, in seconds.
    pub ttl: u32,
    /// The record's decoded data.
    pub data: AnswerData,
}

/// The decoded data of a record of the answer section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerData {
    /// A or AAAA.
    Address(IpAddr),
    /// The name that a CNAME, DNAME, NS, PTR, MX or SRV record points to.
    Name(String),
    /// SVCB or HTTPS (RFC 9460): target name (empty for the owner itself) and address hints.
    #[allow(missing_docs)] // see above
    Service { target: String, hints: Vec<IpAddr> },
    /// Data of another type, or data that could not be read.
    Other,
}

/// Malformations of a message; each is recorded, and the rest of the message is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DnsAnomalies {
    /// The header announces more records than the message holds.
    pub short_sections: bool,
    /// A name could not be decoded (bad pointer, over 255 bytes, over the jump budget).
    pub bad_name: bool,
    /// There are bytes after the last record.
    pub trailing_bytes: bool,
}
