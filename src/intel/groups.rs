//! What is known of indicators, shared: a list of a million names has one description, not a
//! million.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::model::finding::{PoolClass, PoolEntry};

/// Description that any number of indicators share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Meta {
    /// Of the pool, proxy or campaign; an indicator without one goes by its own text.
    pub name: Option<String>,
    /// [`PoolClass::Pool`] unless a list says otherwise.
    pub class: Option<PoolClass>,
    /// Ticker symbols.
    pub coins: Vec<String>,
    /// TCP ports known for it.
    pub ports: Vec<u16>,
    pub sources: Vec<Source>,
}

/// A list and the date of its content.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    pub name: String,
    /// `YYYY-MM-DD`, or empty if the list does not tell.
    pub date: String,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if !self.date.is_empty() {
            write!(f, " {}", self.date)?;
        }
        Ok(())
    }
}

impl Meta {
    pub fn class(&self) -> PoolClass {
        self.class.unwrap_or(PoolClass::Pool)
    }

    /// This description, with what it lacks from `later`, and the sources of both.
    fn merged(&self, later: &Meta) -> Meta {
        let mut merged = self.clone();
        merged.complete(later);
        for source in &later.sources {
            if !merged.sources.contains(source) {
                merged.sources.push(source.clone());
            }
        }
        merged
    }

    /// Takes over name, class, coins and ports where they are missing.
    pub fn complete(&mut self, other: &Meta) {
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

    /// As it goes into findings. `indicator` stands in for a missing name.
    pub fn entry(&self, indicator: &str) -> Arc<PoolEntry> {
        Arc::new(PoolEntry {
            name: self.name.clone().unwrap_or_else(|| indicator.to_owned()),
            class: self.class(),
            coins: self.coins.clone(),
            sources: self.sources.iter().map(Source::to_string).collect(),
        })
    }
}

/// Interned descriptions, numbered from 0.
#[derive(Default)]
pub struct Groups {
    metas: Vec<Meta>,
    numbers: HashMap<Meta, u32, FixedState>,
    merges: HashMap<(u32, u32), u32, FixedState>,
}

impl Groups {
    pub fn intern(&mut self, meta: Meta) -> u32 {
        if let Some(&number) = self.numbers.get(&meta) {
            return number;
        }
        // Fewer groups than indicators, whose number is bounded far below.
        let number = self.metas.len() as u32;
        self.metas.push(meta.clone());
        self.numbers.insert(meta, number);
        number
    }

    /// The group of an indicator that is in both groups; `first` has precedence.
    pub fn merge(&mut self, first: u32, second: u32) -> u32 {
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

    pub fn into_metas(self) -> Vec<Meta> {
        self.metas
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(name: Option<&str>, class: Option<PoolClass>, source: &str) -> Meta {
        let sources = vec![Source { name: source.into(), date: "2026-01-01".into() }];
        Meta { name: name.map(Into::into), class, sources, ..Meta::default() }
    }

    #[test]
    fn the_first_list_has_precedence_and_sources_add_up() {
        let mut groups = Groups::default();
        let first = groups.intern(meta(None, None, "mine"));
        let second = groups.intern(meta(Some("Pool"), Some(PoolClass::Malware), "theirs"));
        let merged = groups.merge(first, second);
        assert_eq!(groups.merge(first, second), merged);
        assert_eq!(groups.merge(merged, second), groups.merge(merged, second));
        let metas = groups.into_metas();
        let merged = &metas[merged as usize];
        assert_eq!((merged.name.as_deref(), merged.class()), (Some("Pool"), PoolClass::Malware));
        let sources: Vec<_> = merged.sources.iter().map(Source::to_string).collect();
        assert_eq!(sources, ["mine 2026-01-01", "theirs 2026-01-01"]);
    }
}
