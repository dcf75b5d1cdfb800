//! Keeps emptied buffers of earlier messages, so that later ones need not allocate.

use std::net::IpAddr;

use crate::model::event::DnsMessage;
use crate::model::event::dns::AnswerData;

/// Empty strings and lists, to be reused by the next message.
///
/// There are never more than the largest message needed at once, and that number is bounded.
#[derive(Debug, Default)]
pub struct SpareNames {
    names: Vec<String>,
    hints: Vec<Vec<IpAddr>>,
}

impl SpareNames {
    /// Returns an empty string.
    pub(in crate::protocol) fn name(&mut self) -> String {
        self.names.pop().unwrap_or_default()
    }

    /// Returns an empty list.
    pub(in crate::protocol) fn hints(&mut self) -> Vec<IpAddr> {
        self.hints.pop().unwrap_or_default()
    }

    pub(in crate::protocol) fn put_name(&mut self, mut name: String) {
        if name.capacity() > 0 {
            name.clear();
            self.names.push(name);
        }
    }

    /// Removes all questions and answers of `message` and keeps their buffers.
    pub(in crate::protocol) fn empty(&mut self, message: &mut DnsMessage) {
        while let Some(question) = message.questions.pop() {
            self.put_name(question.name);
        }
        while let Some(answer) = message.answers.pop() {
            self.put_name(answer.name);
            match answer.data {
                AnswerData::Name(name) => self.put_name(name),
                AnswerData::Service { target, mut hints, .. } => {
                    self.put_name(target);
                    hints.clear();
                    self.hints.push(hints);
                }
                AnswerData::Address(_) | AnswerData::Other => {}
            }
        }
    }

    #[cfg(test)]
    pub(in crate::protocol) fn len(&self) -> usize {
        self.names.len() + self.hints.len()
    }
}
