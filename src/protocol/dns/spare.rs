//! Emptied strings and lists of earlier messages, so that the next ones need not allocate.

use std::net::IpAddr;

use crate::model::event::DnsMessage;
use crate::model::event::dns::AnswerData;

/// The buffers of the messages read so far. There are never more than the largest message had at
/// once, and that is bounded.
#[derive(Debug, Default)]
pub struct SpareNames {
    names: Vec<String>,
    hints: Vec<Vec<IpAddr>>,
}

impl SpareNames {
    /// An empty string.
    pub(super) fn name(&mut self) -> String {
        self.names.pop().unwrap_or_default()
    }

    /// An empty list.
    pub(super) fn hints(&mut self) -> Vec<IpAddr> {
        self.hints.pop().unwrap_or_default()
    }

    pub(super) fn put_name(&mut self, mut name: String) {
        if name.capacity() > 0 {
            name.clear();
            self.names.push(name);
        }
    }

    /// Empties `message`.
    pub(super) fn empty(&mut self, message: &mut DnsMessage) {
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
    pub(super) fn len(&self) -> usize {
        self.names.len() + self.hints.len()
    }
}
