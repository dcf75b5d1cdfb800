//! Descriptions that indicators share: a list of a million names has one, not a million.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::model::indicator::{IntelClass, IntelEntry};

/// The description of any number of indicators.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct EntryMeta {
    /// Name of the pool, proxy or campaign; without it the text of the indicator is used.
    pub name: Option<String>,
    /// [`IntelClass::Pool`] unless a list says otherwise.
    pub class: Option<IntelClass>,
    /// Ticker symbols.
    pub coins: Vec<String>,
    /// Known TCP ports.
    pub ports: Vec<u16>,
    pub sources: Vec<ListSource>,
}

/// A list and the date of its content.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ListSource {
    pub name: String,
    /// `YYYY-MM-DD`, or empty if the list does not state it.
    pub date: String,
}

impl std::fmt::Display for ListSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if !self.date.is_empty() {
            write!(f, " {}", self.date)?;
        }
        Ok(())
    }
}

impl EntryMeta {
    pub(super) fn class(&self) -> IntelClass {
        self.class.unwrap_or(IntelClass::Pool)
    }

    /// Returns this description, completed from `later`, with the sources of both.
    fn merged(&self, later: &EntryMeta) -> EntryMeta {
        let mut merged = self.clone();
        merged.complete(later);
        for source in &later.sources {
            if !merged.sources.contains(source) {
                merged.sources.push(source.clone());
            }
        }
        merged
    }

    /// Takes name, class, coins and ports from `other` where they are missing.
    pub(super) fn complete(&mut self, other: &EntryMeta) {
        if self.name.is_none() {
            self.name.clone_from(&other.name);
        }
        if self.class.is_none() {
            self.class = other.class;
        }
        if self.coins.is_empty() {
            self.coins.clone_from(&other.coins);
        }
        if self.ports.is_empty() {
            self.ports.clone_from(&other.ports);
        }
    }

    /// The entry for signals. `indicator` stands in for a missing name.
    pub(super) fn entry(&self, indicator: &str) -> Arc<IntelEntry> {
        Arc::new(IntelEntry {
            name: self.name.clone().unwrap_or_else(|| indicator.to_owned()),
            class: self.class(),
            coins: self.coins.clone(),
            sources: self.sources.iter().map(ListSource::to_string).collect(),
        })
    }
}

/// Interned descriptions, numbered from 0.
#[derive(Default)]
pub(super) struct Groups {
    metas: Vec<EntryMeta>,
    numbers: HashMap<EntryMeta, u32, FixedState>,
    merges: HashMap<(u32, u32), u32, FixedState>,
}

impl Groups {
    pub(super) fn intern(&mut self, meta: EntryMeta) -> u32 {
        if let Some(&number) = self.numbers.get(&meta) {
            return number;
        }
        // There are fewer groups than indicators, whose number is bounded far below 2^32.
        let number = self.metas.len() as u32;
        self.metas.push(meta.clone());
        self.numbers.insert(meta, number);
        number
    }

    /// Returns the group of an indicator that is in both groups; `first` has precedence.
    pub(super) fn merge(&mut self, first: u32, second: u32) -> u32 {
        if first == second {
            return first;
        }
        if let Some(&number) = self.merges.get(&(first, second)) {
            return number;
        }
        let (Some(one), Some(two)) =
            (self.metas.get(first as usize), self.metas.get(second as usize))
        else {
            return first;
        };
        let number = self.intern(one.merged(two));
        self.merges.insert((first, second), number);
        number
    }

    pub(super) fn into_metas(self) -> Vec<EntryMeta> {
        self.metas
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(name: Option<&str>, class: Option<IntelClass>, source: &str) -> EntryMeta {
        let sources = vec![ListSource { name: source.into(), date: "2026-01-01".into() }];
        EntryMeta { name: name.map(Into::into), class, sources, ..EntryMeta::default() }
    }

    #[test]
    fn the_first_list_has_precedence_and_sources_add_up() {
        let mut groups = Groups::default();
        let first = groups.intern(meta(None, None, "mine"));
        let second = groups.intern(meta(Some("Pool"), Some(IntelClass::Malware), "theirs"));
        let merged = groups.merge(first, second);
        assert_eq!(groups.merge(first, second), merged);
        assert_eq!(groups.merge(merged, second), groups.merge(merged, second));
        let metas = groups.into_metas();
        let merged = &metas[merged as usize];
        assert_eq!((merged.name.as_deref(), merged.class()), (Some("Pool"), IntelClass::Malware));
        let sources: Vec<_> = merged.sources.iter().map(ListSource::to_string).collect();
        assert_eq!(sources, ["mine 2026-01-01", "theirs 2026-01-01"]);
    }
}
