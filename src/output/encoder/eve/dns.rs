//! EVE `dns` records, in version 2, which the schemas of Suricata 7.0 and 8.0 share.

use std::net::IpAddr;

use serde::Serialize;

use super::super::json::clipped;
use crate::model::event::dns::record_type;
use crate::model::record::{DnsAnswer, DnsAnswerData, DnsEvent};

/// Longest name, in bytes of JSON. It holds 255 bytes (RFC 1035 §2.3.4) if few need an escape.
const NAME: usize = 512;

#[derive(Serialize)]
pub(super) struct DnsBody {
    version: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    id: u16,
    opcode: u8,
    /// The first question.
    #[serde(skip_serializing_if = "Option::is_none")]
    rrname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rrtype: Option<String>,
    /// All questions, in the rare case of several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    query: Vec<Query>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rcode: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<DnsAnswerRecord>,
    #[serde(skip_serializing_if = "Grouped::is_empty")]
    grouped: Grouped,
}

#[derive(Serialize)]
struct Query {
    #[serde(rename = "type")]
    kind: &'static str,
    id: u16,
    rrname: String,
    rrtype: String,
}

#[derive(Serialize)]
struct DnsAnswerRecord {
    rrname: String,
    rrtype: String,
    ttl: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    rdata: Option<String>,
}

/// The data of the answers, grouped by type.
#[derive(Default, Serialize)]
struct Grouped {
    #[serde(rename = "A", skip_serializing_if = "Vec::is_empty")]
    a: Vec<String>,
    #[serde(rename = "AAAA", skip_serializing_if = "Vec::is_empty")]
    aaaa: Vec<String>,
    #[serde(rename = "CNAME", skip_serializing_if = "Vec::is_empty")]
    cname: Vec<String>,
}

impl Grouped {
    fn is_empty(&self) -> bool {
        self.a.is_empty() && self.aaaa.is_empty() && self.cname.is_empty()
    }
}

impl From<&DnsEvent> for DnsBody {
    fn from(message: &DnsEvent) -> Self {
        let question = message.questions.first();
        let several = if message.questions.len() > 1 { &message.questions[..] } else { &[] };
        let query = several.iter().map(|question| Query {
            kind: "query",
            id: message.id,
            rrname: clipped(&question.name, NAME),
            rrtype: type_name(question.rtype),
        });
        let mut body = DnsBody {
            version: 2,
            kind: if message.response { "answer" } else { "query" },
            id: message.id,
            opcode: message.opcode,
            rrname: question.map(|question| clipped(&question.name, NAME)),
            rrtype: question.map(|question| type_name(question.rtype)),
            query: query.collect(),
            rcode: message.response.then(|| rcode_name(message.rcode)),
            answers: Vec::new(),
            grouped: Grouped::default(),
        };
        for answer in &message.answers {
            body.answers.push(answer.into());
            match &answer.data {
                DnsAnswerData::Address(IpAddr::V4(ip)) => body.grouped.a.push(ip.to_string()),
                DnsAnswerData::Address(IpAddr::V6(ip)) => body.grouped.aaaa.push(ip.to_string()),
                DnsAnswerData::Name(name) if answer.rtype == record_type::CNAME => {
                    body.grouped.cname.push(clipped(name, NAME));
                }
                _ => {}
            }
        }
        body
    }
}

impl DnsBody {
    /// Removes the groups first, which only repeat the answers, then half of the answers, then half
    /// of the questions. Returns whether there was anything to remove.
    pub(super) fn shrink(&mut self) -> bool {
        if !self.grouped.is_empty() {
            self.grouped = Grouped::default();
            return true;
        }
        let had = !self.answers.is_empty() || !self.query.is_empty();
        match self.answers.len() {
            0 => self.query.truncate(self.query.len() / 2),
            answers => self.answers.truncate(answers / 2),
        }
        had
    }
}

impl From<&DnsAnswer> for DnsAnswerRecord {
    fn from(answer: &DnsAnswer) -> Self {
        let rdata = match &answer.data {
            DnsAnswerData::Address(ip) => Some(ip.to_string()),
            DnsAnswerData::Name(name) => Some(clipped(name, NAME)),
            DnsAnswerData::Other => None,
        };
        DnsAnswerRecord {
            rrname: clipped(&answer.name, NAME),
            rrtype: type_name(answer.rtype),
            ttl: answer.ttl,
            rdata,
        }
    }
}

/// Names a TYPE as IANA does, else as `TYPE65280` (RFC 3597 §5).
fn type_name(rtype: u16) -> String {
    record_type::name(rtype).map_or_else(|| format!("TYPE{rtype}"), str::to_owned)
}

/// Names an RCODE as IANA does, in capitals, else gives its number.
fn rcode_name(rcode: u16) -> String {
    const NAMES: [&str; 12] = [
        "NOERROR",
        "FORMERR",
        "SERVFAIL",
        "NXDOMAIN",
        "NOTIMP",
        "REFUSED",
        "YXDOMAIN",
        "YXRRSET",
        "NXRRSET",
        "NOTAUTH",
        "NOTZONE",
        "DSOTYPENI",
    ];
    match (NAMES.get(usize::from(rcode)), rcode) {
        (Some(name), _) => (*name).to_owned(),
        (None, 16) => "BADVERS".to_owned(),
        (None, _) => rcode.to_string(),
    }
}
