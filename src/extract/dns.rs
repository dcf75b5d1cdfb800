//! Events of DNS messages.

use minewatch_record::{DnsAnswer, DnsAnswerData, DnsEvent, DnsQuestion};

use crate::model::event::DnsMessage;
use crate::model::event::dns::{Answer, AnswerData};

/// Questions recorded per message; no resolver answers a message with several.
const MAX_QUESTIONS: usize = 16;
/// Answer records per message; more do not fit into a line of any format.
const MAX_ANSWERS: usize = 100;

pub(super) fn event(message: &DnsMessage) -> DnsEvent {
    let questions = message.questions.iter().take(MAX_QUESTIONS);
    DnsEvent {
        id: message.id,
        response: message.response,
        opcode: message.opcode,
        rcode: message.rcode,
        questions: questions
            .map(|question| DnsQuestion { name: question.name.clone(), rtype: question.qtype })
            .collect(),
        answers: message.answers.iter().take(MAX_ANSWERS).map(answer).collect(),
    }
}

fn answer(answer: &Answer) -> DnsAnswer {
    let data = match &answer.data {
        AnswerData::Address(ip) => DnsAnswerData::Address(*ip),
        AnswerData::Name(name) => DnsAnswerData::Name(name.clone()),
        AnswerData::Service { target, .. } => DnsAnswerData::Name(target.clone()),
        AnswerData::Other => DnsAnswerData::Other,
    };
    DnsAnswer { name: answer.name.clone(), rtype: answer.rtype, ttl: answer.ttl, data }
}
