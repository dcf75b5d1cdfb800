//! The network layer: which version of IP, and whether its packets are in fragments.

use clap::ValueEnum;

use crate::packet;

/// How the conversation's segments travel in IP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Network {
    #[default]
    #[value(name = "v4")]
    V4,
    #[value(name = "v6")]
    V6,
    /// IPv4, every packet of more than 96 bytes in fragments
    #[value(name = "v4-fragments")]
    V4Fragments,
}

/// Payload of a fragment: a multiple of eight (RFC 791 §3.2) that leaves the TCP header whole.
const FRAGMENT: usize = 96;

impl Network {
    pub fn all() -> &'static [Network] {
        Network::value_variants()
    }

    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// The fragments of an IPv4 packet without options; `id` has to differ between packets.
pub fn fragments(packet: &[u8], id: u16) -> Vec<Vec<u8>> {
    /// Length of the header.
    const HEADER: usize = 20;
    let (header, payload) = packet.split_at(HEADER);
    let count = payload.len().div_ceil(FRAGMENT);
    if count < 2 {
        return vec![packet.to_vec()];
    }
    let cut = |(index, part): (usize, &[u8])| {
        let more = if index + 1 < count { 0x2000 } else { 0 };
        let offset = (index * FRAGMENT / 8) as u16;
        let mut fragment = header.to_vec();
        fragment[2..4].copy_from_slice(&((HEADER + part.len()) as u16).to_be_bytes());
        fragment[4..6].copy_from_slice(&id.to_be_bytes());
        fragment[6..8].copy_from_slice(&(more | offset).to_be_bytes());
        fragment[10..12].copy_from_slice(&[0, 0]);
        let sum = packet::checksum(&fragment);
        fragment[10..12].copy_from_slice(&sum.to_be_bytes());
        fragment.extend(part);
        fragment
    };
    payload.chunks(FRAGMENT).enumerate().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_carry_the_whole_payload_at_their_offsets() {
        let (from, to) = ("10.0.0.1:1".parse().unwrap(), "10.0.0.2:2".parse().unwrap());
        let whole = packet::udp(from, to, &[7; 200]);
        let parts = fragments(&whole, 9);
        assert_eq!(parts.len(), 3);
        let mut payload: Vec<u8> = Vec::new();
        for part in &parts {
            assert_eq!(packet::checksum(&part[..20]), 0);
            let field = u16::from_be_bytes([part[6], part[7]]);
            assert_eq!(usize::from(field & 0x1fff) * 8, payload.len());
            payload.extend(&part[20..]);
            assert_eq!(field & 0x2000 == 0, payload.len() == whole.len() - 20);
        }
        assert_eq!(payload, whole[20..]);
    }
}
