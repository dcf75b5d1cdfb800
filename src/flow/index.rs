//! A hash index that maps a flow's key to the slot of its entry.
//!
//! A place is one 64-bit word with hash and slot, and colliding flows lie in the places after it.
//! So a look-up usually reads one cache line, which can be prefetched, and reads only flows with
//! the same hash. hashbrown stores tags and values apart, so it reads two cache lines one after the
//! other.

use std::hash::BuildHasher;

use super::huge_pages;
use super::prefetch::prefetch;
use crate::model::FlowKey;

/// Number of places in a new index. The number of places is always a power of two.
const MIN_PLACES: usize = 1024;
/// The 64-bit golden ratio, as in Fibonacci hashing (Knuth 6.4).
const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash table with open addressing and linear probing, at most five eighths full.
///
/// At that load, an unsuccessful look-up passes four places on average (Knuth 6.4, theorem K),
/// which is half a cache line.
#[derive(Debug)]
pub(super) struct Index {
    hasher: foldhash::fast::RandomState,
    /// The hash in the upper half of each word, the slot plus 1 in the lower half; 0 is a free
    /// place. The number of places is a power of two, so that a mask keeps every position in range.
    places: Vec<u64>,
    /// Places in use.
    length: usize,
}

impl Index {
    pub(super) fn new() -> Self {
        let hasher = foldhash::fast::RandomState::default();
        Index { hasher, places: free_places(MIN_PLACES), length: 0 }
    }

    /// Bytes for one flow at the lowest load, just after growing: five sixteenths.
    pub(super) const BYTES_PER_FLOW: usize = size_of::<u64>() * 16 / 5;

    /// The hash of a key. It is seeded, so nobody can choose keys that collide.
    #[inline]
    pub(super) fn hash(&self, key: &FlowKey) -> u32 {
        (self.hasher.hash_one(key) >> 32) as u32
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    fn home(&self, hash: u32) -> usize {
        hash as usize & (self.places.len() - 1)
    }

    /// Prefetches the place where a look-up of `hash` begins.
    #[inline]
    pub(super) fn prefetch(&self, hash: u32) {
        prefetch(&self.places[self.home(hash)]);
    }

    /// Returns the first slot with this hash that `is` accepts.
    #[inline]
    pub(super) fn find(&self, hash: u32, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            let place = self.places[at];
            if place == 0 {
                return None;
            }
            if hash_of(place) == hash && is(slot_of(place)) {
                return Some(slot_of(place));
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }

    pub(super) fn insert(&mut self, hash: u32, slot: u32) {
        if (self.length + 1) * 8 > self.places.len() * 5 {
            self.grow();
        }
        self.put(u64::from(hash) << 32 | (u64::from(slot) + 1));
        self.length += 1;
    }

    fn put(&mut self, new: u64) {
        let mut at = self.home(hash_of(new));
        while self.places[at] != 0 {
            at = (at + 1) & (self.places.len() - 1);
        }
        self.places[at] = new;
    }

    fn grow(&mut self) {
        let more = free_places(self.places.len() * 2);
        for place in std::mem::replace(&mut self.places, more) {
            if place != 0 {
                self.put(place);
            }
        }
    }

    /// Removes a slot; does nothing if it is not there.
    ///
    /// Later places move up into the gap, so that no look-up ends too early (Knuth 6.4, algorithm
    /// R).
    pub(super) fn remove(&mut self, hash: u32, slot: u32) {
        let mask = self.places.len() - 1;
        let wanted = u64::from(hash) << 32 | (u64::from(slot) + 1);
        let mut free = self.home(hash);
        while self.places[free] != wanted {
            if self.places[free] == 0 {
                return;
            }
            free = (free + 1) & mask;
        }
        let mut at = free;
        loop {
            at = (at + 1) & mask;
            let place = self.places[at];
            if place == 0 {
                break;
            }
            // This place may move up if its home is not between the free place and itself.
            let from_home = at.wrapping_sub(self.home(hash_of(place))) & mask;
            if from_home >= at.wrapping_sub(free) & mask {
                self.places[free] = place;
                free = at;
            }
        }
        self.places[free] = 0;
        self.length -= 1;
    }
}

/// Allocates free places and writes to all of them, so that every page is backed by memory.
///
/// Otherwise the first read of a page would map the system's shared page of zeros, and the first
/// write would have to replace that mapping on all processors.
fn free_places(count: usize) -> Vec<u64> {
    let mut places = Vec::with_capacity(count);
    huge_pages::advise(&mut places);
    places.resize(count, 0);
    places
}

fn hash_of(place: u64) -> u32 {
    (place >> 32) as u32
}

fn slot_of(place: u64) -> u32 {
    (place as u32).wrapping_sub(1)
}

/// Hashes a flow's key, to distribute flows over workers.
///
/// The result is the same for both directions and in every run. The index's own hash is seeded;
/// this one must not be.
pub fn dispatch_hash(key: &FlowKey) -> u64 {
    let mixed = key
        .words()
        .iter()
        .fold(0u64, |hash, &word| (hash.rotate_left(23) ^ word).wrapping_mul(GOLDEN_RATIO));
    mixed ^ mixed >> 32
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Uses few different hashes, so that they collide and probing wraps around.
        #[test]
        fn it_holds_what_was_inserted_and_not_removed(
            steps in prop::collection::vec((any::<bool>(), 0u32..3, 0u32..60, 0u32..40), 1..600),
        ) {
            let mut index = Index::new();
            let mut expected = HashSet::new();
            for (insert, low, high, slot) in steps {
                let hash = (high << 20) + (MIN_PLACES as u32 - 1).wrapping_add(low);
                if insert && expected.insert((hash, slot)) {
                    index.insert(hash, slot);
                } else if !insert {
                    expected.remove(&(hash, slot));
                    index.remove(hash, slot);
                }
                prop_assert_eq!(index.len(), expected.len());
            }
            for low in 0..3 {
                for high in 0..60 {
                    let hash = (high << 20) + (MIN_PLACES as u32 - 1).wrapping_add(low);
                    for slot in 0..40 {
                        let found = index.find(hash, |other| other == slot).is_some();
                        prop_assert_eq!(found, expected.contains(&(hash, slot)));
                    }
                }
            }
        }
    }

    #[test]
    fn it_grows() {
        let mut index = Index::new();
        for slot in 0..100_000u32 {
            index.insert(slot.wrapping_mul(0x9e37_79b1), slot);
        }
        for slot in 0..100_000u32 {
            assert_eq!(index.find(slot.wrapping_mul(0x9e37_79b1), |_| true), Some(slot));
        }
    }
}
