//! Tags and tunnels as the configuration writes them.

use super::error::ValueError;
use crate::model::site::{SiteTag, SiteTunnel, SiteTunnelKind};

/// Longest tag, in bytes. The longest known ones have 24 (NSH with its metadata).
const MAX_TAG: usize = 64;
/// Smallest EtherType; lower values are lengths (IEEE 802.3 §3.2.6).
const MIN_ETHER_TYPE: u16 = 0x0600;

/// Parses a tag, `0x9999/6`: its EtherType, and the bytes between that and the next EtherType.
pub(super) fn tag(text: &str) -> Result<SiteTag, ValueError> {
    let parse = || {
        let (ether_type, length) = text.split_once('/')?;
        let ether_type = u16::from_str_radix(ether_type.strip_prefix("0x")?, 16).ok()?;
        let length = length.parse().ok()?;
        (ether_type >= MIN_ETHER_TYPE && length <= MAX_TAG)
            .then_some(SiteTag { ether_type, length })
    };
    let expected = "an EtherType and the length of its tag, up to 64 bytes, like \"0x9999/6\"";
    parse().ok_or_else(|| ValueError::new(expected, text))
}

/// Parses a tunnel and its UDP port, `vxlan/14789`.
pub(super) fn tunnel(text: &str) -> Result<SiteTunnel, ValueError> {
    let parse = || {
        let (name, port) = text.split_once('/')?;
        let kind = SiteTunnelKind::NAMES.iter().find(|(known, _)| *known == name)?.1;
        let port = port.parse().ok().filter(|&port| port != 0)?;
        Some(SiteTunnel { port, kind })
    };
    let expected = "vxlan, geneve, gre or gue and a UDP port, like \"vxlan/14789\"";
    parse().ok_or_else(|| ValueError::new(expected, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_an_ether_type_and_a_length() {
        assert_eq!(tag("0x9999/6").unwrap(), SiteTag { ether_type: 0x9999, length: 6 });
        for text in ["0x9999", "9999/6", "0x9999/65", "0x05ff/4", "0x9999/-1", "0x19999/4", ""] {
            assert!(tag(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tunnel_has_a_kind_and_a_port() {
        let expected = SiteTunnel { port: 14_789, kind: SiteTunnelKind::Vxlan };
        assert_eq!(tunnel("vxlan/14789").unwrap(), expected);
        for text in ["vxlan", "vxlan/0", "vxlan/65536", "ipip/4789", "vxlan/", ""] {
            assert!(tunnel(text).is_err(), "{text}");
        }
    }
}
