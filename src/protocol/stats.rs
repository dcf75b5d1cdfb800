//! Numbers of flows by the protocols found in them.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// Most protocols that are counted, of streams and datagrams together.
///
/// The registry checks at compile time that it has no more.
pub const MAX_PROTOCOLS: usize = 16;

/// Number of flows per protocol, and of flows with an unknown protocol.
///
/// A flow counts once for each protocol found in it: a connection through a proxy counts for the
/// proxy's protocol and for what the proxy carries. A flow that is settled without a protocol
/// counts as unknown; a flow that ends before that is not counted. A UDP flow for which no state is
/// kept between datagrams (host names, DNS at its port) counts if its first datagram is of the
/// protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProtocolStats {
    /// Counts, indexed by the protocol's slot in the registry.
    slots: [FlowCount; MAX_PROTOCOLS],
    /// Number of flows that were settled without a protocol.
    pub unknown: u64,
}

/// The number of flows of one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct FlowCount {
    /// The protocol's name; empty until a flow is counted.
    name: &'static str,
    flows: u64,
}

impl ProtocolStats {
    /// Counts a flow in which the protocol of this slot and name was found.
    pub fn count(&mut self, slot: usize, name: &'static str) {
        if let Some(count) = self.slots.get_mut(slot) {
            count.name = name;
            count.flows += 1;
        }
    }

    /// Returns the number of flows of a protocol; DNS over UDP and over TCP are one protocol.
    pub fn flows(&self, name: &str) -> u64 {
        self.slots.iter().filter(|count| count.name == name).map(|count| count.flows).sum()
    }

    /// Returns the protocols found and their numbers of flows, in the order of the registry.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let seen = |index: usize, name: &str| {
            self.slots.iter().take(index).any(|earlier| earlier.name == name)
        };
        let counts = self.slots.iter().enumerate();
        counts
            .filter(move |(index, count)| count.flows > 0 && !seen(*index, count.name))
            .map(|(_, count)| (count.name, self.flows(count.name)))
    }

    /// Adds the counts of another worker.
    pub fn merge(&mut self, other: &ProtocolStats) {
        for (count, more) in self.slots.iter_mut().zip(&other.slots) {
            if more.flows > 0 {
                count.name = more.name;
                count.flows += more.flows;
            }
        }
        self.unknown += other.unknown;
    }
}

/// Serializes a map from the names of the protocols found, and `unknown`, to numbers of flows.
impl Serialize for ProtocolStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, flows) in self.iter() {
            map.serialize_entry(name, &flows)?;
        }
        map.serialize_entry("unknown", &self.unknown)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_add_up_and_a_protocol_of_two_transports_is_one() {
        let mut stats = ProtocolStats { unknown: 2, ..ProtocolStats::default() };
        stats.count(3, "dns");
        stats.count(1, "tls");
        let mut other = ProtocolStats { unknown: 1, ..ProtocolStats::default() };
        other.count(9, "dns");
        other.count(9, "dns");
        stats.merge(&other);
        assert_eq!((stats.flows("dns"), stats.flows("tls"), stats.flows("quic")), (3, 1, 0));
        let json = serde_json::to_string(&stats).unwrap();
        assert_eq!(json, r#"{"tls":1,"dns":3,"unknown":3}"#);
    }

    #[test]
    fn a_slot_beyond_the_last_is_ignored() {
        let mut stats = ProtocolStats::default();
        stats.count(MAX_PROTOCOLS, "other");
        assert_eq!(stats, ProtocolStats::default());
    }
}
