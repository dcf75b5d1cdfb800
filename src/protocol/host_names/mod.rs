//! Names of hosts of the local network, from DHCP, multicast DNS, LLMNR and NetBIOS.
//!
//! Each datagram is parsed by itself. A host gets a name only from datagrams that it sent itself.
//! DHCP is the exception, because its clients have no address yet.

mod dhcp;
mod multicast_dns;
mod netbios;

use std::net::IpAddr;

use super::description::{DatagramProtocol, FirstDatagram};
use crate::model::event::{Event, NameSource, NamedHost};
use crate::model::flow::{Flow, FlowEnds};
use crate::model::text::is_deceptive;

pub(super) const DATAGRAMS: DatagramProtocol = DatagramProtocol {
    name: "host-names",
    first_datagram: |context, chunk| {
        if !has_port(context.flow) {
            return FirstDatagram::NotForUs;
        }
        let sender = context.flow.sender(chunk.direction).ip;
        if let Some(named) = read(context.flow.key.ports(), sender, chunk.bytes) {
            context.emit(Event::HostName(&named));
        }
        FirstDatagram::Stateless
    },
};

/// Longest name, in bytes: the limit of a domain name (RFC 1035 §2.3.4) and of a DHCP option.
const MAX_NAME: usize = 255;

/// IANA service names and port numbers.
mod port {
    pub(super) const DNS: u16 = 53;
    pub(super) const DHCP_SERVER: u16 = 67;
    pub(super) const DHCP_CLIENT: u16 = 68;
    pub(super) const NETBIOS_NAME: u16 = 137;
    pub(super) const NETBIOS_DATAGRAM: u16 = 138;
    pub(super) const MDNS: u16 = 5353;
    pub(super) const LLMNR: u16 = 5355;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameProtocol {
    Dhcp,
    Mdns,
    Llmnr,
    NetbiosName,
    NetbiosDatagram,
}

impl NameProtocol {
    fn of(ports: [u16; 2]) -> Option<NameProtocol> {
        // A resolver's source port is random, and unicast DNS names no local hosts.
        if ports.contains(&port::DNS) {
            return None;
        }
        ports.into_iter().find_map(|port| match port {
            port::DHCP_SERVER | port::DHCP_CLIENT => Some(NameProtocol::Dhcp),
            port::NETBIOS_NAME => Some(NameProtocol::NetbiosName),
            port::NETBIOS_DATAGRAM => Some(NameProtocol::NetbiosDatagram),
            port::MDNS => Some(NameProtocol::Mdns),
            port::LLMNR => Some(NameProtocol::Llmnr),
            _ => None,
        })
    }

    const fn source(self) -> NameSource {
        match self {
            NameProtocol::Dhcp => NameSource::Dhcp,
            NameProtocol::Mdns => NameSource::Mdns,
            NameProtocol::Llmnr => NameSource::Llmnr,
            NameProtocol::NetbiosName | NameProtocol::NetbiosDatagram => NameSource::Netbios,
        }
    }
}

/// Returns whether a flow has a port of one of these protocols.
fn has_port(flow: &Flow) -> bool {
    NameProtocol::of(flow.key.ports()).is_some()
}

/// Reads the host name in a datagram that `sender` sent in a flow between these ports.
///
/// Returns `None` if the datagram names no host.
fn read(ports: [u16; 2], sender: IpAddr, bytes: &[u8]) -> Option<NamedHost> {
    let protocol = NameProtocol::of(ports)?;
    let own = |name| (sender, name);
    let (ip, name) = match (protocol, sender) {
        (NameProtocol::Dhcp, _) => dhcp::read(bytes).map(|(ip, name)| (ip.into(), name)),
        (NameProtocol::Mdns | NameProtocol::Llmnr, _) => {
            multicast_dns::read(sender, bytes).map(own)
        }
        (NameProtocol::NetbiosName, IpAddr::V4(ip)) => netbios::read_name(ip, bytes).map(own),
        (NameProtocol::NetbiosDatagram, IpAddr::V4(ip)) => {
            netbios::read_datagram(ip, bytes).map(own)
        }
        // NetBIOS has no IPv6 addresses.
        (_, IpAddr::V6(_)) => None,
    }?;
    is_host(ip).then(|| NamedHost { ip, name, source: protocol.source() })
}

/// Returns whether an address can belong to a single host.
fn is_host(ip: IpAddr) -> bool {
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(ip.is_unspecified() || ip.is_multicast() || is_broadcast)
}

/// Converts text from the wire to a host name, without padding and terminators.
///
/// Returns `None` if the text is empty, too long, an IP address, or has deceptive characters.
fn name(bytes: &[u8]) -> Option<String> {
    let is_end = |c: char| c == '\0' || c == '.' || c.is_whitespace();
    let text = std::str::from_utf8(bytes).ok()?.trim_start().trim_end_matches(is_end);
    let is_name = (1..=MAX_NAME).contains(&text.len())
        && !text.contains(is_deceptive)
        && text.parse::<IpAddr>().is_err();
    is_name.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PORTS: [[u16; 2]; 5] = [[68, 67], [137, 137], [138, 138], [5353, 5353], [50_000, 5355]];

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_protocol_is_told_by_either_port() {
        assert_eq!(NameProtocol::of([67, 67]), Some(NameProtocol::Dhcp));
        assert_eq!(NameProtocol::of([5355, 40_000]), Some(NameProtocol::Llmnr));
        assert_eq!(NameProtocol::of([40_000, 5353]), Some(NameProtocol::Mdns));
        assert_eq!(NameProtocol::of([40_000, 443]), None);
        assert_eq!(NameProtocol::of([5353, 53]), None, "a lookup from a random port");
    }

    #[test]
    fn a_name_is_printable_and_no_address() {
        assert_eq!(name(b" lab-pc-7.example. \0\0").as_deref(), Some("lab-pc-7.example"));
        assert_eq!(name("Jürgens Büro".as_bytes()).as_deref(), Some("Jürgens Büro"));
        assert_eq!(name(&[b'x'; 255]).map(|name| name.len()), Some(255));
        for bytes in [
            &b""[..],
            b" . ",
            b"10.0.0.7",
            b"fe80::7",
            b"lab\x1b[2J",
            b"lab\0pc",
            b"lab\xff",
            "lab\u{202e}cp".as_bytes(),
            &[b'x'; 256],
        ] {
            assert_eq!(name(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_address_of_no_host_is_never_named() {
        let message = |address: [u8; 4]| multicast_dns::samples::response(&address);
        let told = |address: [u8; 4]| read([5353; 2], address.into(), &message(address));
        assert_eq!(
            told([10, 0, 0, 7]),
            Some(NamedHost {
                ip: ip("10.0.0.7"),
                name: "lab-pc-7.local".into(),
                source: NameSource::Mdns
            })
        );
        for address in [[0; 4], [255; 4], [224, 0, 0, 251]] {
            assert_eq!(told(address), None);
        }
    }

    #[test]
    fn netbios_names_nobody_who_has_no_ipv4() {
        let message = netbios::samples::registration();
        let told = |sender| read([137; 2], ip(sender), &message).map(|host| host.source);
        assert_eq!(told("10.0.0.7"), Some(NameSource::Netbios));
        assert_eq!(told("fe80::7"), None);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(
            bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(0xc0), any::<u8>()], 0..400),
        ) {
            for ports in PORTS {
                read(ports, ip("10.0.0.7"), &bytes);
            }
        }

        #[test]
        fn broken_messages_give_printable_names_or_none(
            sample in 0usize..4,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        ) {
            let (ports, mut bytes) = match sample {
                0 => ([68, 67], dhcp::samples::request()),
                1 => ([137; 2], netbios::samples::registration()),
                2 => ([138; 2], netbios::samples::datagram()),
                _ => ([5353; 2], multicast_dns::samples::response(&[10, 0, 0, 7])),
            };
            for (index, value) in changes {
                *index.get_mut(&mut bytes) = value;
            }
            if let Some(host) = read(ports, ip("10.0.0.7"), &bytes) {
                prop_assert!((1..=MAX_NAME).contains(&host.name.len()));
                prop_assert!(!host.name.contains(is_deceptive));
            }
        }
    }
}
