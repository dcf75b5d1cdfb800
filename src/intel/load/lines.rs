//! Reads lists with one indicator a line.
//!
//! These are our lists, plain lists, Maltrail's trails, hosts files and Suricata's datasets.
//!
//! ```text
//! #! source maltrail 2026-11-23        of the lines that follow, as all of these
//! #! class malware
//! #! name Kinsing
//! #! coins XMR
//! pool.example                         # a comment
//! 192.0.2.1:3333 ⇥ pool ⇥ XMR ⇥ maltrail,falco ⇥ Name     columns after the first are optional
//! 0.0.0.0 pool.example www.pool.example
//! ```

use super::super::builder::{Builder, Position, Purpose};
use super::super::error::shown;
use super::super::groups::{EntryMeta, ListSource};
use super::{encoded, is_date, unnamed};
use crate::model::indicator::IntelClass;

/// Longest line, in bytes. URLs are the longest indicators, and longer ones are useless as such.
const MAX_LINE: usize = 2048;

/// The state of reading a list: the settings of its directives so far.
struct LinesReader {
    meta: EntryMeta,
    purpose: Purpose,
    /// Declared sources, for the column that refers to them by name.
    sources: Vec<ListSource>,
    /// Group of lines without columns; `None` after a directive.
    group: Option<u32>,
    /// Columns of the last line that had some. Neighbouring lines tend to have equal columns, and
    /// then share `columns_group`.
    columns: String,
    columns_group: (u32, Purpose),
}

pub(super) fn add(builder: &mut Builder, text: &str) {
    builder.expect(memchr::memchr_iter(b'\n', text.as_bytes()).count());
    let mut state = LinesReader {
        meta: unnamed(builder),
        purpose: Purpose::Watch,
        sources: Vec::new(),
        group: None,
        columns: String::new(),
        columns_group: (0, Purpose::Watch),
    };
    for (number, line) in (1..).zip(text.lines()) {
        let at = Position { line: number, column: 0 };
        if let Some(directive) = line.strip_prefix("#!") {
            directive_line(builder, &mut state, at, directive);
        } else if line.len() > MAX_LINE {
            let message = format!("has {} bytes", line.len());
            builder.warn(at, message, "an indicator has fewer; is a line break missing?", true);
        } else {
            content_line(builder, &mut state, at, line);
        }
    }
}

fn directive_line(builder: &mut Builder, state: &mut LinesReader, at: Position, directive: &str) {
    const KNOWN: &str = "there are class, coins, name, ports and source";
    let (key, value) = match directive.trim().split_once(char::is_whitespace) {
        Some((key, value)) => (key, value.trim()),
        None => (directive.trim(), ""),
    };
    state.group = None;
    state.columns.clear();
    match key {
        "class" => match class(value) {
            Some((class, purpose)) => (state.meta.class, state.purpose) = (class, purpose),
            None => builder.warn(at, format!("unknown class {}", shown(value)), CLASSES, true),
        },
        "name" => state.meta.name = (!value.is_empty()).then(|| value.to_owned()),
        "coins" => state.meta.coins = value.split_whitespace().map(str::to_owned).collect(),
        "ports" => {
            state.meta.ports =
                value.split_whitespace().filter_map(|port| port.parse().ok()).collect();
        }
        "source" => {
            let (name, date) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
            let date = date.trim();
            if !date.is_empty() && !is_date(date) {
                builder.warn(at, format!("{} is no date", shown(date)), "write YYYY-MM-DD", false);
            }
            let source = ListSource { name: name.to_owned(), date: date.to_owned() };
            state.sources.retain(|known| known.name != source.name);
            state.sources.push(source.clone());
            state.meta.sources = vec![source];
        }
        _ => builder.warn(at, format!("unknown directive {}", shown(key)), KNOWN, false),
    }
}

const CLASSES: &str = "there are pool, proxy, browser, malware, policy and allow";

/// Parses a class; `None` if it is unknown. `None` within the result leaves the class open: that of
/// another list counts, else it is a pool.
fn class(text: &str) -> Option<(Option<IntelClass>, Purpose)> {
    let class = match text {
        "" | "-" => return Some((None, Purpose::Watch)),
        "allow" => return Some((None, Purpose::Allow)),
        "pool" => IntelClass::Pool,
        "proxy" => IntelClass::Proxy,
        "browser" => IntelClass::Browser,
        "malware" => IntelClass::Malware,
        "policy" => IntelClass::Policy,
        _ => return None,
    };
    Some((Some(class), Purpose::Watch))
}

fn content_line(builder: &mut Builder, state: &mut LinesReader, at: Position, line: &str) {
    let line = without_comment(line).trim_end();
    if line.trim_start().is_empty() {
        return;
    }
    if let Some((value, columns)) = line.split_once('\t')
        && !is_hosts_address(value)
    {
        if columns != state.columns {
            columns.clone_into(&mut state.columns);
            state.columns_group = columns_group(builder, state, at, columns);
        }
        let (group, purpose) = state.columns_group;
        return builder.add(at, value, group, purpose);
    }
    let group = match state.group {
        Some(group) => group,
        None => {
            let group = builder.group(state.meta.clone());
            state.group = Some(group);
            group
        }
    };
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    if is_hosts_address(first) && words.clone().next().is_some() {
        for name in words.filter(|name| !is_own_name(name)) {
            builder.add(column_of(at, line, name), name, group, state.purpose);
        }
        return;
    }
    // Suricata's reputation lists have a number after a comma, which is cut off.
    let value = line.split(',').next().unwrap_or_default().trim();
    match encoded::name(value) {
        Some(name) => builder.add(column_of(at, line, value), &name, group, state.purpose),
        None => builder.add(column_of(at, line, value), value, group, state.purpose),
    }
}

fn columns_group(
    builder: &mut Builder,
    state: &LinesReader,
    at: Position,
    columns: &str,
) -> (u32, Purpose) {
    let mut fields = columns.split('\t').map(str::trim);
    let mut field = || fields.next().filter(|text| !text.is_empty() && *text != "-");
    let (mut meta, mut purpose) = (state.meta.clone(), state.purpose);
    if let Some(text) = field() {
        match class(text) {
            Some((class, of_class)) => (meta.class, purpose) = (class, of_class),
            None => builder.warn(at, format!("unknown class {}", shown(text)), CLASSES, false),
        }
    }
    if let Some(coins) = field() {
        meta.coins = coins.split([',', ' ']).map(str::to_owned).collect();
    }
    if let Some(names) = field() {
        let declared = |name: &str| {
            let known = state.sources.iter().find(|source| source.name == name);
            known
                .cloned()
                .unwrap_or_else(|| ListSource { name: name.to_owned(), date: String::new() })
        };
        meta.sources = names.split(',').map(|name| declared(name.trim())).collect();
    }
    if let Some(name) = field() {
        meta.name = Some(name.to_owned());
    }
    (builder.group(meta), purpose)
}

/// Cuts off a comment. After a slash a `#` may belong to a URL, unless a blank precedes it.
fn without_comment(line: &str) -> &str {
    let end = line.match_indices('#').find(|&(index, _)| {
        let before = line.get(..index).unwrap_or_default();
        !before.contains('/') || before.ends_with(char::is_whitespace)
    });
    end.and_then(|(index, _)| line.get(..index)).unwrap_or(line)
}

fn is_hosts_address(word: &str) -> bool {
    ["0.0.0.0", "127.0.0.1", "::", "::1"].contains(&word.trim())
}

/// Whether `name` is one of the local names with which hosts files begin.
fn is_own_name(name: &str) -> bool {
    name.starts_with("localhost")
        || name.starts_with("ip6-")
        || ["local", "broadcasthost", "0.0.0.0"].contains(&name)
}

fn column_of(at: Position, line: &str, part: &str) -> Position {
    let column = line.find(part).map_or(0, |index| index as u32 + 1);
    Position { column, ..at }
}

/// Reads Suricata's JSON datasets: an object a line, also within an array. The indicator is the
/// first of the known keys that an object has.
pub(super) fn add_json(builder: &mut Builder, text: &str) {
    let group = builder.group(unnamed(builder));
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim().trim_end_matches(',');
        if !line.starts_with('{') {
            continue;
        }
        let at = Position { line: number, column: 0 };
        let object: serde_json::Map<String, serde_json::Value> = match serde_json::from_str(line) {
            Ok(object) => object,
            Err(error) => {
                let at = Position { column: error.column() as u32, ..at };
                builder.warn(at, error.to_string(), "write one JSON object a line", true);
                continue;
            }
        };
        const KEYS: [&str; 8] =
            ["value", "indicator", "domain", "host", "hostname", "ip", "address", "url"];
        match KEYS.iter().find_map(|key| object.get(*key)?.as_str()) {
            Some(value) => builder.add(at, value, group, Purpose::Watch),
            None => builder.warn(
                at,
                "has no indicator".to_owned(),
                "name it value, domain, host, ip or url",
                true,
            ),
        }
    }
}
