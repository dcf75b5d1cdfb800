//! Reads Zeek's intelligence files: columns named by `#fields`, separated by tabs.

use super::super::builder::{Builder, Position, Purpose};
use super::super::error::shown;
use super::unnamed;

pub(super) fn add(builder: &mut Builder, text: &str) {
    let mut columns: Vec<&str> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(names) = line.strip_prefix("#fields") {
            columns = names.trim().split('\t').collect();
        }
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let at = Position { line: number, column: 0 };
        let fields: Vec<&str> = line.split('\t').collect();
        let get = |name: &str| {
            let index = columns.iter().position(|column| *column == name)?;
            fields.get(index).map(|field| field.trim()).filter(|field| *field != "-")
        };
        let (Some(value), Some(kind)) = (get("indicator"), get("indicator_type")) else {
            let help = "separate the fields by tabs, as #fields names them";
            builder.warn(at, "has no indicator or no type".to_owned(), help, true);
            continue;
        };
        if !["Intel::DOMAIN", "Intel::ADDR", "Intel::SUBNET", "Intel::URL"].contains(&kind) {
            let message = format!("{} has the type {}", shown(value), shown(kind));
            builder.warn(at, message, "DOMAIN, ADDR, SUBNET and URL are used", true);
            continue;
        }
        let mut meta = unnamed(builder);
        meta.name = get("meta.desc").map(str::to_owned);
        if let (Some(source), Some(first)) = (get("meta.source"), meta.sources.first_mut()) {
            source.clone_into(&mut first.name);
        }
        let group = builder.group(meta);
        builder.add(at, value, group, Purpose::Watch);
    }
}
