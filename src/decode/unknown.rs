//! What decoders met and cannot read, counted by value.

use std::fmt;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

/// A number that announces something that this program does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownValue {
    /// An EtherType.
    EtherType(u16),
    /// The service access points of 802.2 LLC: destination, then source.
    Llc(u16),
    /// A protocol of PPP.
    PppProtocol(u16),
    /// A protocol of IP. Its packets count as understood; only their contents are not read.
    IpProtocol(u8),
    /// The link type of a capture, or of packets in it.
    LinkType(u16),
}

impl UnknownValue {
    /// The kind of number, as in the JSON summary.
    pub const fn kind(self) -> &'static str {
        match self {
            UnknownValue::EtherType(_) => "ether_type",
            UnknownValue::Llc(_) => "llc",
            UnknownValue::PppProtocol(_) => "ppp_protocol",
            UnknownValue::IpProtocol(_) => "ip_protocol",
            UnknownValue::LinkType(_) => "link_type",
        }
    }

    /// The number as the standards write it: `0x8926`, or `132`.
    pub fn number(self) -> String {
        match self {
            UnknownValue::EtherType(value)
            | UnknownValue::Llc(value)
            | UnknownValue::PppProtocol(value) => format!("{value:#06x}"),
            UnknownValue::IpProtocol(value) => value.to_string(),
            UnknownValue::LinkType(value) => value.to_string(),
        }
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            UnknownValue::EtherType(_) => "EtherType",
            UnknownValue::Llc(_) => "LLC",
            UnknownValue::PppProtocol(_) => "PPP protocol",
            UnknownValue::IpProtocol(_) => "IP protocol",
            UnknownValue::LinkType(_) => "link type",
        };
        write!(f, "{kind} {}", self.number())
    }
}

/// Counters of packets by the value that was not read. They hold up to [`UnknownCounts::MAX_VALUES`]
/// values, those first met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownCounts {
    counts: Vec<(UnknownValue, u64)>,
    /// Packets with values beyond those counted apart.
    others: u64,
}

impl UnknownCounts {
    /// Values counted apart. Real networks have a handful, a hostile sender up to 65,536; the list
    /// is searched for each such packet.
    pub const MAX_VALUES: usize = 64;

    pub(super) fn add(&mut self, value: UnknownValue) {
        self.add_many(value, 1);
    }

    fn add_many(&mut self, value: UnknownValue, packets: u64) {
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| *known == value) {
            *count += packets;
        } else if self.counts.len() < Self::MAX_VALUES {
            self.counts.push((value, packets));
        } else {
            self.others += packets;
        }
    }

    /// Adds the counters of another decoder.
    pub(super) fn merge(&mut self, other: &UnknownCounts) {
        for &(value, count) in &other.counts {
            self.add_many(value, count);
        }
        self.others += other.others;
    }

    /// Values with their packets, the most frequent first.
    pub fn most_frequent(&self) -> Vec<(UnknownValue, u64)> {
        let mut counts = self.counts.clone();
        counts.sort_by_key(|&(value, count)| (std::cmp::Reverse(count), value));
        counts
    }

    /// Packets with values that are not counted apart.
    pub fn others(&self) -> u64 {
        self.others
    }
}

/// A list of `{kind, value, packets}`, the most frequent first.
impl Serialize for UnknownCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Entry {
            kind: &'static str,
            value: String,
            packets: u64,
        }
        let counts = self.most_frequent();
        let mut list = serializer.serialize_seq(None)?;
        for (value, packets) in counts {
            list.serialize_element(&Entry { kind: value.kind(), value: value.number(), packets })?;
        }
        if self.others > 0 {
            let value = "more".to_owned();
            list.serialize_element(&Entry { kind: "others", value, packets: self.others })?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_value_comes_first() {
        let mut counts = UnknownCounts::default();
        counts.add(UnknownValue::IpProtocol(132));
        let mut other = UnknownCounts::default();
        other.add_many(UnknownValue::EtherType(0x9999), 3);
        counts.merge(&other);
        let expected = r#"[{"kind":"ether_type","value":"0x9999","packets":3},{"kind":"ip_protocol","value":"132","packets":1}]"#;
        assert_eq!(serde_json::to_string(&counts).unwrap(), expected);
    }

    #[test]
    fn a_flood_of_values_is_bounded_and_nothing_is_lost() {
        let mut counts = UnknownCounts::default();
        for value in 0..1000 {
            counts.add(UnknownValue::EtherType(value));
        }
        assert_eq!(counts.most_frequent().len(), UnknownCounts::MAX_VALUES);
        assert_eq!(counts.others(), 1000 - UnknownCounts::MAX_VALUES as u64);
        assert!(serde_json::to_string(&counts).unwrap().contains("\"others\""));
    }
}
