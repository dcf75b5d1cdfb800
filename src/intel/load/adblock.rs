//! Reads AdBlock filter lists: the rules `||name^` and `@@||name^`.
//!
//! Other rules concern pages, not hosts, and are skipped.

use super::super::builder::{Builder, Position, Purpose};
use super::unnamed;

pub(super) fn add(builder: &mut Builder, text: &str) {
    let group = builder.group(unnamed(builder));
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let (rule, purpose) = match line.strip_prefix("@@") {
            Some(rule) => (rule, Purpose::Allow),
            None => (line, Purpose::Watch),
        };
        let Some(rule) = rule.strip_prefix("||") else { continue };
        let (pattern, options) = rule.split_once('$').unwrap_or((rule, ""));
        // An exception that holds for some sites only is no exception for a network.
        if purpose == Purpose::Allow && options.contains("domain=") {
            continue;
        }
        let Some(host) = pattern.strip_suffix('^') else { continue };
        if host.contains(['*', '/', '^']) {
            continue;
        }
        builder.add(Position { line: number, column: 1 }, host, group, purpose);
    }
}
