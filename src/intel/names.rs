//! A table of host names, searched by suffix: which entry covers `x.pool.supportxmr.com`?
//!
//! Almost every lookup finds nothing, so this case is the fast one. For every entry the table also
//! holds the suffixes above it. A lookup starts with the last two labels and adds labels to the
//! left only while the table holds the suffix so far. `www.example.org` costs one probe.

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hasher};

/// Seed of the hash. It can be fixed: names of the traffic never get into the table, and results do
/// not depend on it.
const SEED: u64 = 0x6d69_6e65_7761_7463;

/// Longest name in text form (RFC 1035 §2.3.4 allows 255 bytes on the wire).
pub(super) const MAX_NAME: usize = 253;

/// Value of a suffix that is not an entry itself but has entries below it.
const INNER: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Slot {
    /// Low half of the hash: it avoids most comparisons of texts, and suffices for rehashing.
    hash: u32,
    /// Start of the text in the arena.
    text: u32,
    value: u32,
}

/// Host names with a `u32` each (below `u32::MAX`).
#[derive(Default)]
pub(super) struct NameTable {
    slots: HashTable<Slot>,
    /// All names, each ended by a zero byte. One text serves the suffixes within it, too.
    arena: Vec<u8>,
    entries: usize,
}

impl NameTable {
    /// Makes room for this many more names.
    pub(super) fn reserve(&mut self, names: usize) {
        self.slots.reserve(names, |slot| spread(slot.hash));
    }

    /// Frees the spare memory that [`NameTable::reserve`] and growing have left.
    pub(super) fn shrink(&mut self) {
        self.slots.shrink_to_fit(|slot| spread(slot.hash));
        self.arena.shrink_to_fit();
    }

    pub(super) fn len(&self) -> usize {
        self.entries
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.allocation_size() + self.arena.capacity()
    }

    /// Inserts `value` as new and returns `None`, or returns the present value of a known name for
    /// the caller to change. `name` is valid, in lower case and has at least two labels.
    pub(super) fn insert(&mut self, name: &str, value: u32) -> Option<&mut u32> {
        let name = name.as_bytes();
        if let Some(index) = self.position(name) {
            let slot = self.slots.get_bucket_mut(index)?;
            if slot.value != INNER {
                return Some(&mut slot.value);
            }
            slot.value = value;
            self.entries += 1;
            return None;
        }
        // The arena is addressed with 32 bits; the builder's limit on indicators keeps it smaller.
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(name);
        self.arena.push(0);
        self.entries += 1;
        self.insert_slot(name, start, value);
        let mut inner = name;
        while let Some(outer) = parent(inner) {
            if self.position(outer).is_some() {
                break;
            }
            self.insert_slot(outer, start + (name.len() - outer.len()) as u32, INNER);
            inner = outer;
        }
        None
    }

    fn insert_slot(&mut self, suffix: &[u8], text: u32, value: u32) {
        let slot = Slot { hash: hash(suffix), text, value };
        self.slots.insert_unique(spread(slot.hash), slot, |slot| spread(slot.hash));
    }

    /// Finds the entries that are `name` or a suffix of it, shortest first, as (start in `name`,
    /// value). `name` is in lower case; one trailing dot is tolerated.
    pub(super) fn matches<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, u32)> + 'a {
        let name = normal(name);
        suffix_starts(name)
            .map_while(move |start| Some((start, self.find(name.get(start..)?)?)))
            .filter(|&(_, value)| value != INNER)
    }

    /// Finds the most specific entry that covers `name`: the last of [`NameTable::matches`].
    pub(super) fn get(&self, name: &str) -> Option<(usize, u32)> {
        self.matches(name).last()
    }

    fn find(&self, suffix: &[u8]) -> Option<u32> {
        self.slots.get_bucket(self.position(suffix)?).map(|slot| slot.value)
    }

    fn position(&self, suffix: &[u8]) -> Option<usize> {
        let hash = hash(suffix);
        self.slots.find_bucket_index(spread(hash), |slot| {
            slot.hash == hash && self.text_is(slot.text as usize, suffix)
        })
    }

    fn text_is(&self, start: usize, suffix: &[u8]) -> bool {
        self.arena.get(start..start + suffix.len()) == Some(suffix)
            && self.arena.get(start + suffix.len()) == Some(&0)
    }
}

/// `name` without the dot of the root; a name that is too long becomes empty.
fn normal(name: &str) -> &[u8] {
    let name = name.as_bytes().strip_suffix(b".").unwrap_or(name.as_bytes());
    if name.len() > MAX_NAME { &[] } else { name }
}

/// Starts of the suffixes with at least two labels, shortest first.
fn suffix_starts(name: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let dots = name.iter().enumerate().rev().filter(|(_, byte)| **byte == b'.');
    let inner = dots.map(|(dot, _)| dot + 1).skip(1);
    let whole = name.contains(&b'.').then_some(0);
    inner.chain(whole)
}

/// `name` without its first label, if at least two labels are left.
fn parent(name: &[u8]) -> Option<&[u8]> {
    let dot = name.iter().position(|&byte| byte == b'.')?;
    name.get(dot + 1..).filter(|parent| parent.contains(&b'.'))
}

fn hash(suffix: &[u8]) -> u32 {
    let mut hasher = FixedState::with_seed(SEED).build_hasher();
    hasher.write(suffix);
    hasher.finish() as u32
}

/// Spreads a 32-bit hash over 64 bits: the table takes its tag from the upper half and its index
/// from the lower.
fn spread(hash: u32) -> u64 {
    u64::from(hash) | u64::from(hash.wrapping_mul(0x9e37_79b1)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn table(names: &[&str]) -> NameTable {
        let mut table = NameTable::default();
        for (value, name) in names.iter().enumerate() {
            table.insert(name, value as u32);
        }
        table
    }

    #[test]
    fn a_name_is_covered_by_itself_and_by_its_suffixes_label_wise() {
        let table = table(&["supportxmr.com", "pool.xmr.pt"]);
        assert_eq!(table.get("supportxmr.com"), Some((0, 0)));
        assert_eq!(table.get("pool.supportxmr.com"), Some((5, 0)));
        assert_eq!(table.get("x.pool.supportxmr.com."), Some((7, 0)));
        assert_eq!(table.get("pool.xmr.pt"), Some((0, 1)));
        for other in [
            "supportxmr.com.example.org",
            "notsupportxmr.com",
            "supportxmr.co",
            "xmr.pt",
            "other.xmr.pt",
            "com",
            "",
            ".",
            "..",
            ".com",
            "supportxmr..com",
        ] {
            assert_eq!(table.get(other), None, "{other}");
        }
        assert_eq!(table.get(&format!("{}.supportxmr.com", "a.".repeat(200))), None);
    }

    #[test]
    fn the_most_specific_entry_wins_whatever_the_order() {
        for names in [["pool.org", "eu.pool.org"], ["eu.pool.org", "pool.org"]] {
            let table = table(&names);
            let (_, value) = table.get("a.eu.pool.org").unwrap();
            assert_eq!(names[value as usize], "eu.pool.org");
            assert_eq!(table.matches("a.eu.pool.org").count(), 2);
            assert_eq!(table.len(), 2);
        }
    }

    #[test]
    fn a_known_name_is_given_back_for_merging() {
        let mut table = table(&["pool.org"]);
        assert_eq!(table.insert("pool.org", 7), Some(&mut 0));
        assert_eq!(table.len(), 1);
    }

    proptest! {
        #[test]
        fn agrees_with_a_search_through_all_entries(
            entries in prop::collection::vec("[ab]{1,2}(\\.[ab]{1,2}){1,3}", 1..40),
            questions in prop::collection::vec("[ab.]{0,12}", 1..40),
        ) {
            let mut names = NameTable::default();
            let mut reference = BTreeMap::new();
            for (value, entry) in entries.iter().enumerate() {
                names.insert(entry, value as u32);
                reference.entry(entry.as_str()).or_insert(value as u32);
            }
            names.shrink();
            prop_assert_eq!(names.len(), reference.len());
            for question in questions.iter().chain(&entries) {
                let plain = question.strip_suffix('.').unwrap_or(question);
                let expected = reference
                    .iter()
                    .filter(|(entry, _)| {
                        plain == **entry || plain.ends_with(&format!(".{entry}"))
                    })
                    .max_by_key(|(entry, _)| entry.len())
                    .map(|(entry, value)| (plain.len() - entry.len(), *value));
                prop_assert_eq!(names.get(question), expected, "{}", question);
            }
        }
    }
}
