//! Helpers for names and URLs that the detectors need.

use crate::model::event::DnsMessage;
use crate::model::event::dns::{AnswerData, record_type};
use crate::model::signal::NameAnswer;

/// Addresses kept of one DNS answer. The largest honest round-robin sets have a few dozen.
const MAX_ADDRESSES: usize = 64;
/// Aliases followed in one answer. Resolvers give up at about 16.
const MAX_ALIASES: usize = 16;

/// Whether a question of this type means that the asker wants to reach the name. A PTR question
/// names an address, and its asker is an analyst or a mail server.
pub(super) fn is_lookup(qtype: u16) -> bool {
    qtype != record_type::PTR
}

/// Extracts the addresses and aliases of the name asked for; `None` for queries and empty answers.
pub(super) fn answer(message: &DnsMessage) -> Option<NameAnswer> {
    let name = message.questions.first().map_or("", |question| &question.name);
    if !message.response || name.is_empty() {
        return None;
    }
    let (mut aliases, mut addresses, mut ttl) = (Vec::new(), Vec::new(), u32::MAX);
    for record in &message.answers {
        match &record.data {
            AnswerData::Address(ip) => addresses.push(*ip),
            AnswerData::Name(target)
                if matches!(record.rtype, record_type::CNAME | record_type::DNAME) =>
            {
                aliases.push(target.clone());
            }
            AnswerData::Service { target, hints, .. } => {
                addresses.extend(hints);
                if !target.is_empty() {
                    aliases.push(target.clone());
                }
            }
            AnswerData::Name(_) | AnswerData::Other => continue,
        }
        ttl = ttl.min(record.ttl);
    }
    addresses.truncate(MAX_ADDRESSES);
    aliases.truncate(MAX_ALIASES);
    let learnt = !addresses.is_empty() || !aliases.is_empty();
    learnt.then(|| NameAnswer { name: name.into(), aliases, addresses, ttl, hit: None })
}

/// The part of a request target in absolute form after its scheme (RFC 9112 §3.2.2). `None` for a
/// path, which may have another URL in it.
fn after_scheme(target: &str) -> Option<&str> {
    if target.starts_with('/') { None } else { target.split_once("://").map(|(_, rest)| rest) }
}

/// Whether a request target is in absolute form, which clients send to proxies.
pub(super) fn is_absolute(target: &str) -> bool {
    after_scheme(target).is_some()
}

/// The path of a request target in origin or absolute form.
pub(super) fn path(target: &str) -> &str {
    after_scheme(target).map_or(target, |rest| rest.find('/').map_or("/", |slash| &rest[slash..]))
}

/// The URL without its scheme, as an analyst writes it.
pub(super) fn url(host: &str, target: &str) -> String {
    format!("{host}{}", path(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_in_any_form_has_its_path() {
        assert_eq!(path("/raw/x"), "/raw/x");
        assert_eq!(path("http://pastebin.com/raw/x?y"), "/raw/x?y");
        assert_eq!(path("http://pastebin.com"), "/");
    }

    #[test]
    fn a_url_within_a_path_does_not_make_it_absolute() {
        let target = "/login?next=http://pool.example/raw/x";
        assert!(!is_absolute(target) && is_absolute("http://pool.example/"));
        assert_eq!(path(target), target);
    }
}
