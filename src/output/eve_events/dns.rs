//! EVE `dns` records, in version 2 of that format: the one that schemas of 7.0 and 8.0 share.

use std::net::IpAddr;

use serde::Serialize;

use crate::model::event::DnsMessage;
use crate::model::event::dns::{Answer, AnswerData, record_type};
use crate::output::json::clipped;

/// Bytes in JSON of a name: 255 bytes (RFC 1035 §2.3.4) if few need an escape.
const NAME: usize = 512;
/// Questions listed; no resolver answers a message with several.
const MAX_QUESTIONS: usize = 16;
/// Records listed; more do not fit into a line.
const MAX_ANSWERS: usize = 100;

#[derive(Serialize)]
pub(in crate::output) struct Body {
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
    /// All questions, where there are several, as hardly ever.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    query: Vec<Query>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rcode: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<Record>,
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
struct Record {
    rrname: String,
    rrtype: String,
    ttl: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    rdata: Option<String>,
}

/// What the answers say, by type.
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

impl Body {
    pub fn of(message: &DnsMessage) -> Self {
        let question = message.questions.first();
        let several = if message.questions.len() > 1 { &message.questions[..] } else { &[] };
        let query = several.iter().take(MAX_QUESTIONS).map(|question| Query {
            kind: "query",
            id: message.id,
            rrname: clipped(&question.name, NAME),
            rrtype: type_name(question.qtype),
        });
        let mut body = Body {
            version: 2,
            kind: if message.response { "answer" } else { "query" },
            id: message.id,
            opcode: message.opcode,
            rrname: question.map(|question| clipped(&question.name, NAME)),
            rrtype: question.map(|question| type_name(question.qtype)),
            query: query.collect(),
            rcode: message.response.then(|| rcode_name(message.rcode)),
            answers: Vec::new(),
            grouped: Grouped::default(),
        };
        for answer in message.answers.iter().take(MAX_ANSWERS) {
            body.answers.push(Record::of(answer));
            match &answer.data {
                AnswerData::Address(IpAddr::V4(ip)) => body.grouped.a.push(ip.to_string()),
                AnswerData::Address(IpAddr::V6(ip)) => body.grouped.aaaa.push(ip.to_string()),
                AnswerData::Name(name) if answer.rtype == record_type::CNAME => {
                    body.grouped.cname.push(clipped(name, NAME));
                }
                _ => {}
            }
        }
        body
    }

    /// Leaves out half of the answers: whether there were any. The groups go first: they only
    /// repeat what the answers say.
    pub fn shrink(&mut self) -> bool {
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

impl Record {
    fn of(answer: &Answer) -> Self {
        let rdata = match &answer.data {
            AnswerData::Address(ip) => Some(ip.to_string()),
            AnswerData::Name(name) => Some(clipped(name, NAME)),
            AnswerData::Service { target, .. } => Some(clipped(target, NAME)),
            AnswerData::Other => None,
        };
        Record {
            rrname: clipped(&answer.name, NAME),
            rrtype: type_name(answer.rtype),
            ttl: answer.ttl,
            rdata,
        }
    }
}

/// TYPE as IANA names it, else as `TYPE65280` (RFC 3597 §5).
fn type_name(rtype: u16) -> String {
    record_type::name(rtype).map_or_else(|| format!("TYPE{rtype}"), str::to_owned)
}

/// RCODE as IANA names it, in capitals, else its number.
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
