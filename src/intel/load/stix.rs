//! Reads STIX 2.1 bundles: names, addresses, ports and URLs in the patterns of indicators.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::builder::{Builder, Position, Purpose};
use super::super::error::{IntelError, shown};
use super::super::groups::{EntryMeta, ListSource};
use super::places::Places;
use super::{is_date, json_error, string, warn_if_expired};

#[derive(Deserialize)]
struct Bundle<'a> {
    #[serde(default, borrow)]
    objects: Vec<StixObject<'a>>,
}

#[derive(Deserialize)]
struct StixObject<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(borrow)]
    pattern: Option<&'a RawValue>,
    #[serde(default)]
    pattern_type: Option<String>,
    #[serde(default)]
    modified: String,
    #[serde(default)]
    valid_until: Option<String>,
    #[serde(default)]
    revoked: bool,
}

pub(super) fn add(builder: &mut Builder, text: &str) -> Result<(), IntelError> {
    let bundle: Bundle<'_> =
        serde_json::from_str(text).map_err(|error| json_error(builder, &error))?;
    let places = Places::new(text);
    for object in &bundle.objects {
        if object.kind != "indicator" || object.revoked {
            continue;
        }
        let at = object.pattern.map_or(Position::default(), |pattern| places.of(pattern));
        if object.pattern_type.as_deref().is_some_and(|kind| kind != "stix") {
            let help = "patterns of the type stix are used";
            builder.warn(at, "has a pattern of another language".to_owned(), help, true);
            continue;
        }
        let pattern = match object.pattern.map(|pattern| string(builder, &places, pattern)) {
            Some(None) => continue,
            pattern => pattern.flatten().unwrap_or_default(),
        };
        let date = object.modified.get(..10).filter(|date| is_date(date)).unwrap_or_default();
        let source = ListSource { name: file_name(builder), date: date.to_owned() };
        let name = object.name.as_deref().map(shown).filter(|name| !name.is_empty());
        let group =
            builder.group(EntryMeta { name, sources: vec![source], ..EntryMeta::default() });
        let values = values(&pattern);
        if values.is_empty() {
            let message = format!("{} names no host", shown(&pattern));
            let help = "comparisons of domain-name, ipv4-addr, ipv6-addr and url by = are used";
            builder.warn(at, message, help, true);
        }
        for value in values {
            if let Some(until) = &object.valid_until {
                warn_if_expired(builder, at, &value, until);
            }
            builder.add(at, &value, group, Purpose::Watch);
        }
    }
    Ok(())
}

fn file_name(builder: &Builder) -> String {
    super::unnamed(builder)
        .sources
        .into_iter()
        .next()
        .map_or_else(String::new, |source| source.name)
}

/// Extracts the indicators of a pattern. Every `[…]` is a separate observation; an address and a
/// destination port in the same observation form an endpoint.
fn values(pattern: &str) -> Vec<String> {
    let mut values = Vec::new();
    for observation in pattern.split('[').skip(1) {
        let comparisons = comparisons(observation);
        let port = comparisons.iter().find(|(path, _)| *path == "network-traffic:dst_port");
        for (path, value) in &comparisons {
            let is_address =
                ["ipv4-addr:value", "ipv6-addr:value", "network-traffic:dst_ref.value"]
                    .contains(path);
            match port {
                Some((_, port)) if is_address && value.contains(':') => {
                    values.push(format!("[{value}]:{port}"));
                }
                Some((_, port)) if is_address => values.push(format!("{value}:{port}")),
                _ if is_address || ["domain-name:value", "url:value"].contains(path) => {
                    values.push(value.clone());
                }
                _ => {}
            }
        }
    }
    values
}

/// Parses `path = 'text'` and `path = number` in an observation; other comparisons are skipped.
fn comparisons(observation: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = observation;
    while let Some(equals) = rest.find('=') {
        let (before, after) = rest.split_at(equals);
        let path = before.trim_end().rsplit([' ', '(', '\'']).next().unwrap_or_default();
        let after = after.get(1..).unwrap_or_default().trim_start();
        let (value, remaining) = match after.strip_prefix('\'') {
            Some(quoted) => quoted_text(quoted),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
                let (number, remaining) = after.split_at(end);
                (number.to_owned(), remaining)
            }
        };
        // `!=`, `>=` and `<=` leave their sign behind the path.
        if !path.ends_with(['!', '<', '>']) {
            found.push((path, value));
        }
        rest = remaining;
    }
    found
}

/// Parses the text up to the closing quote, with escapes resolved. Returns it and the rest.
fn quoted_text(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' => return (value, quoted.get(index + 1..).unwrap_or_default()),
            _ => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_are_read_out_of_patterns() {
        for (pattern, expected) in [
            (
                "[domain-name:value = 'us1.bitminter.com'] OR [ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port = 3333]",
                &["us1.bitminter.com", "192.0.2.1:3333"][..],
            ),
            (
                "[ipv6-addr:value='2001:db8::1' AND network-traffic:dst_port=80]",
                &["[2001:db8::1]:80"],
            ),
            ("[url:value = 'http://a.example/it\\'s']", &["http://a.example/it's"]),
            ("[domain-name:value != 'a.example']", &[]),
            ("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']", &[]),
        ] {
            assert_eq!(values(pattern), expected, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(pattern in "\\PC{0,60}", like in "[\\[\\]a:='\\\\ !]{0,40}") {
            values(&pattern);
            values(&like);
        }
    }
}
