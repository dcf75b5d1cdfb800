//! Disguises that say the same JSON in other words.

use super::Disguise;
use crate::conversation::{Conversation, Message, Speaker};
use crate::dialect::Framing;
use crate::json::Json;
use crate::rng::Rng;

/// Rewrites the messages of `conversation`.
pub fn apply(
    disguises: &[Disguise],
    framing: Framing,
    conversation: &mut Conversation,
    rng: &mut Rng,
) {
    let has = |disguise| disguises.contains(&disguise);
    if framing == Framing::Binary || !disguises.iter().any(|disguise| disguise.is_text()) {
        return;
    }
    for message in &mut conversation.messages {
        let Some(mut value) = Json::parse(&message.bytes) else { continue };
        edit(&mut value, disguises, message, rng);
        let mut text = String::new();
        let blank = &mut |out: &mut String| {
            if has(Disguise::Blanks) {
                out.push_str([" ", "  ", "\t", ""][rng.below(4)]);
            }
        };
        let mut letters = Rng::new(message.at);
        let escape = &mut || has(Disguise::Escapes) && letters.chance(0.3);
        blank(&mut text);
        value.write(&mut text, blank, escape);
        blank(&mut text);
        if framing == Framing::Lines {
            text.push_str(if has(Disguise::Crlf) { "\r\n" } else { "\n" });
            // Blank lines between messages.
            if has(Disguise::Blanks) && rng.chance(0.3) {
                text.push_str([" \n", "\n", "\r\n"][rng.below(3)]);
            }
        }
        message.bytes = text.into_bytes();
    }
}

fn edit(value: &mut Json, disguises: &[Disguise], message: &Message, rng: &mut Rng) {
    for disguise in disguises {
        match disguise {
            Disguise::StringIds => ids(value, |id| {
                if let Json::Plain(text) = id
                    && text != "null"
                {
                    *id = Json::Text(text.clone());
                }
            }),
            Disguise::NullIds => ids(value, |id| *id = Json::null()),
            Disguise::NoJsonrpc => remove(value, |key, _| key == "jsonrpc"),
            Disguise::NoAgent => {
                remove(value, |key, value| key == "agent" && value.is_text(""));
            }
            Disguise::KeyOrder => value.objects(&mut |members| shuffle(members, rng)),
            _ => {}
        }
    }
    // Whatever else is done, the decoys stand first. Servers written in most languages take the
    // last of two members; miners (RapidJSON) the first.
    if disguises.contains(&Disguise::DuplicateKeys) && message.from == Speaker::Miner {
        value.objects(&mut |members| {
            let decoys: Vec<_> =
                members.iter().map(|(key, _)| (key.clone(), Json::null())).collect();
            members.splice(0..0, decoys);
        });
    }
}

/// The ids of a message: its own, and Iron Fish's in the answer to a share.
fn ids(value: &mut Json, mut change: impl FnMut(&mut Json)) {
    if let Some(id) = value.get_mut("id") {
        change(id);
    }
    if let Some(id) = value.get_mut("body").and_then(|body| body.get_mut("id")) {
        change(id);
    }
}

fn remove(value: &mut Json, unwanted: impl Fn(&str, &Json) -> bool) {
    value.objects(&mut |members| members.retain(|(key, value)| !unwanted(key, value)));
}

/// Fisher and Yates's shuffle.
fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.below(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    fn disguised(dialect: Dialect, disguises: &[Disguise]) -> Vec<String> {
        let mut conversation = dialect.converse(&dialect.typical(), &mut Rng::new(1));
        apply(disguises, dialect.framing(), &mut conversation, &mut Rng::new(2));
        let text = |message: Message| String::from_utf8(message.bytes).unwrap();
        conversation.messages.into_iter().map(text).collect()
    }

    #[test]
    fn every_disguise_leaves_the_last_value_of_each_key() {
        let plain = disguised(Dialect::Monero, &[]);
        let all = [
            Disguise::DuplicateKeys,
            Disguise::KeyOrder,
            Disguise::Blanks,
            Disguise::Escapes,
            Disguise::Crlf,
        ];
        for (before, after) in plain.iter().zip(disguised(Dialect::Monero, &all)) {
            let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(value(before), value(&after), "{after}");
            assert!(!after.contains("\"method\":\"login\""), "{after}");
        }
    }

    #[test]
    fn ids_change_in_requests_and_answers_alike() {
        let lines = disguised(Dialect::IronFish, &[Disguise::StringIds]);
        assert!(
            lines.iter().any(|line| line.starts_with(r#"{"id":"40","method":"mining.submit""#))
        );
        assert!(lines.iter().any(|line| line.contains(r#""body":{"id":"40","result":true}"#)));
        let lines = disguised(Dialect::Monero, &[Disguise::NullIds, Disguise::NoJsonrpc]);
        assert!(lines[0].starts_with(r#"{"id":null,"method":"login""#), "{}", lines[0]);
    }
}
