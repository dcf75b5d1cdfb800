//! Reads `pools.toml`: pool operators with their coins, names, addresses, URLs and ports.
//!
//! ```toml
//! [sources.maltrail]
//! date = "2026-11-23"
//!
//! [[pool]]
//! name = "SupportXMR"
//! class = "pool"                      # pool (default), proxy, browser, malware, policy
//! coins = ["XMR"]
//! domains = ["supportxmr.com"]
//! addresses = ["91.121.140.167"]      # also 192.0.2.1:3333 and 192.0.2.0/24
//! urls = []
//! ports = [3333, 5555, 7777]
//! sources = ["maltrail"]
//!
//! [[allow]]
//! indicators = ["training.example"]
//! reason = "our own course"
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::super::builder::{Builder, Purpose};
use super::super::error::{IntelError, shown};
use super::super::groups::{EntryMeta, ListSource};
use super::places::Places;
use super::{is_date, unnamed};
use crate::model::indicator::IntelClass;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    #[serde(default)]
    sources: BTreeMap<String, List>,
    #[serde(default)]
    pool: Vec<CataloguePool>,
    #[serde(default)]
    allow: Vec<Allow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    date: Spanned<String>,
    #[serde(default)]
    #[allow(dead_code, reason = "for the reader of the file")]
    licence: String,
    #[serde(default)]
    #[allow(dead_code, reason = "for the reader of the file")]
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CataloguePool {
    name: String,
    class: Option<IntelClass>,
    #[serde(default)]
    coins: Vec<String>,
    #[serde(default)]
    domains: Vec<Spanned<String>>,
    #[serde(default)]
    addresses: Vec<Spanned<String>>,
    #[serde(default)]
    urls: Vec<Spanned<String>>,
    #[serde(default)]
    ports: Vec<u16>,
    #[serde(default)]
    sources: Vec<Spanned<String>>,
    #[serde(default)]
    #[allow(dead_code, reason = "for the reader of the file")]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allow {
    indicators: Vec<Spanned<String>>,
    reason: String,
}

pub(super) fn add(builder: &mut Builder, text: &str) -> Result<(), IntelError> {
    let places = Places::new(text);
    let catalogue: Catalogue = toml::from_str(text).map_err(|error| {
        let at = places.at(error.span().unwrap_or_default().start);
        IntelError::Syntax {
            file: builder.file().to_owned(),
            line: at.line as usize,
            column: at.column as usize,
            message: error.message().to_owned(),
        }
    })?;
    for list in catalogue.sources.values().filter(|list| !is_date(list.date.get_ref())) {
        let at = places.at(list.date.span().start);
        let message = format!("{} is no date", shown(list.date.get_ref()));
        builder.warn(at, message, "write YYYY-MM-DD", false);
    }
    for pool in &catalogue.pool {
        let mut sources = Vec::new();
        for name in &pool.sources {
            let list = catalogue.sources.get(name.get_ref());
            if list.is_none() {
                let message = format!("{} is not among the sources", shown(name.get_ref()));
                let help = "describe it under [sources]";
                builder.warn(places.at(name.span().start), message, help, false);
            }
            let date = list.map(|list| list.date.get_ref().clone()).unwrap_or_default();
            sources.push(ListSource { name: name.get_ref().clone(), date });
        }
        if sources.is_empty() {
            sources = unnamed(builder).sources;
        }
        let group = builder.group(EntryMeta {
            name: Some(pool.name.clone()),
            class: pool.class,
            coins: pool.coins.clone(),
            ports: pool.ports.clone(),
            sources,
        });
        for value in pool.domains.iter().chain(&pool.addresses).chain(&pool.urls) {
            builder.add(places.at(value.span().start), value.get_ref(), group, Purpose::Watch);
        }
    }
    for allow in &catalogue.allow {
        let mut meta = unnamed(builder);
        meta.name = Some(allow.reason.clone());
        let group = builder.group(meta);
        for value in &allow.indicators {
            builder.add(places.at(value.span().start), value.get_ref(), group, Purpose::Allow);
        }
    }
    Ok(())
}
