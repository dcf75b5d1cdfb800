//! What must hold for every event.

use std::fmt::Write;

use minewatch::model::Flow;
use minewatch::model::event::{Event, EventSink, Moment};

/// No text of an event may be longer; the longest honest one is a request's target.
const MAX_TEXT: usize = 8 * 1024;
/// No event may be larger, all its lists and texts together, as `{:?}` prints them.
const MAX_EVENT: usize = 1 << 20;

/// Checks that all text of events can be printed and is bounded.
#[derive(Debug, Default)]
pub struct Checks {
    printed: String,
}

impl EventSink for Checks {
    fn event(&mut self, _: &Flow, _: Moment, event: Event<'_>) {
        self.printed.clear();
        write!(self.printed, "{event:?}").expect("strings can be written to");
        assert!(self.printed.len() <= MAX_EVENT, "an event of {} bytes", self.printed.len());
        check(&self.printed);
    }
}

/// Goes through what `{:?}` printed: strings are in quotes, and what cannot be printed is escaped.
fn check(printed: &str) {
    let (mut inside, mut length) = (false, 0);
    let mut rest = printed.chars();
    while let Some(c) = rest.next() {
        length += 1;
        match c {
            '"' => {
                assert!(!inside || length <= MAX_TEXT, "a text of {length} characters: {printed}");
                (inside, length) = (!inside, 0);
            }
            '\\' if inside => match rest.next() {
                Some('\\' | '"' | '\'') => {}
                Some('u') => assert!(is_harmless(&mut rest), "a control character: {printed}"),
                other => panic!("\\{other:?} in {printed}"),
            },
            _ => {}
        }
    }
}

/// Reads `{301}`. `{:?}` escapes more than control characters, marks that combine with the character
/// before them for example.
fn is_harmless(rest: &mut impl Iterator<Item = char>) -> bool {
    let digits: String = rest.skip(1).take_while(|c| *c != '}').collect();
    let c = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
    // Marks that turn the direction of what follows can make a terminal show something else.
    c.is_some_and(|c| {
        !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_text_passes() {
        check(&format!("{:?}", ["a \"quoted\" \\ name", "e\u{301}", "\\u{1b}", "ü"]));
    }

    #[test]
    #[should_panic(expected = "control")]
    fn an_escape_sequence_does_not() {
        check(&format!("{:?}", "\u{1b}[2J"));
    }

    #[test]
    #[should_panic(expected = "in")]
    fn a_line_feed_does_not() {
        check(&format!("{:?}", "a\nb"));
    }

    #[test]
    #[should_panic(expected = "a text of")]
    fn endless_text_does_not() {
        check(&format!("{:?}", "a".repeat(MAX_TEXT + 1)));
    }
}
