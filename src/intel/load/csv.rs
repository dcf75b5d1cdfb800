//! Reads comma-separated values with a header line.

use super::super::builder::{Builder, Position, Purpose};
use super::super::groups::{EntryMeta, ListSource};
use super::{is_date, unnamed, warn_if_expired};
use crate::model::indicator::IntelClass;

/// Names of columns that may hold the indicator, by precedence.
const VALUES: [&str; 9] =
    ["value", "indicator", "ioc", "domain", "host", "hostname", "ip", "address", "url"];

/// Whether a line is a header: it names a column of indicators.
pub(super) fn is_header(line: &str) -> bool {
    line.contains(',')
        && fields(line).iter().any(|field| VALUES.contains(&field.to_ascii_lowercase().as_str()))
}

pub(super) fn add(builder: &mut Builder, text: &str) {
    let lines = text.lines().zip(1..).filter(|(line, _)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    let mut header: Vec<String> = Vec::new();
    for (line, number) in lines {
        let fields = fields(line);
        if header.is_empty() {
            header = fields.iter().map(|field| field.to_ascii_lowercase()).collect();
            continue;
        }
        let at = Position { line: number, column: 0 };
        let get = |names: &[&str]| {
            let field = names
                .iter()
                .find_map(|name| fields.get(header.iter().position(|column| column == name)?))?;
            Some(field.trim()).filter(|field| !field.is_empty())
        };
        let Some(value) = get(&VALUES) else {
            let help = "fill the column of the indicator";
            builder.warn(at, "has no indicator".to_owned(), help, true);
            continue;
        };
        let mut meta = unnamed(builder);
        meta.name = get(&["name", "pool", "description"]).map(str::to_owned);
        meta.class = get(&["class"]).and_then(class);
        meta.coins = get(&["coins", "coin"])
            .map(|coins| coins.split([' ', ';', '|']).map(str::to_owned).collect())
            .unwrap_or_default();
        set_source(&mut meta, get(&["source", "feed"]), get(&["date", "last_seen", "first_seen"]));
        if let Some(until) = get(&["expires", "valid_until"]) {
            warn_if_expired(builder, at, value, until);
        }
        let group = builder.group(meta);
        match get(&["port"]) {
            Some(port) if value.contains(':') => {
                builder.add(at, &format!("[{value}]:{port}"), group, Purpose::Watch);
            }
            Some(port) => builder.add(at, &format!("{value}:{port}"), group, Purpose::Watch),
            None => builder.add(at, value, group, Purpose::Watch),
        }
    }
}

fn set_source(meta: &mut EntryMeta, name: Option<&str>, date: Option<&str>) {
    if let Some(source) = meta.sources.first_mut() {
        if let Some(name) = name {
            name.clone_into(&mut source.name);
        }
        let date = date.and_then(|date| date.get(..10)).filter(|date| is_date(date));
        *source =
            ListSource { name: source.name.clone(), date: date.unwrap_or_default().to_owned() };
    }
}

fn class(text: &str) -> Option<IntelClass> {
    [
        IntelClass::Pool,
        IntelClass::Proxy,
        IntelClass::Browser,
        IntelClass::Malware,
        IntelClass::Policy,
    ]
    .into_iter()
    .find(|class| class.name().eq_ignore_ascii_case(text))
}

/// Splits a line at commas outside of quotes (RFC 4180, without line breaks in fields).
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let Some(field) = fields.last_mut() else { break };
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => field.push(character),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_protect_commas() {
        assert_eq!(fields(r#"a,"b,""c""",,d"#), ["a", "b,\"c\"", "", "d"]);
    }
}
