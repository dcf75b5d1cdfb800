//! What a mirror port may put around an IP packet.

mod frame;
mod tag;
mod tunnel;

use clap::ValueEnum;

/// A link layer or a tunnel around the packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    Ethernet,
    /// One 802.1Q tag
    Vlan,
    /// Two 802.1Q tags
    #[value(name = "vlan-2")]
    #[serde(rename = "vlan-2")]
    Vlan2,
    /// Three 802.1Q tags
    #[value(name = "vlan-3")]
    #[serde(rename = "vlan-3")]
    Vlan3,
    /// A provider's 802.1ad tag around a customer's 802.1Q tag
    Qinq,
    /// Two MPLS labels
    Mpls,
    Pppoe,
    /// `tcpdump -i any`, older
    LinuxCooked,
    /// `tcpdump -i any`, newer
    LinuxCooked2,
    /// IP without a link layer
    Raw,
    /// BSD's loopback
    Null,
    /// IP in GRE
    Gre,
    /// A switch's mirror in GRE, type I: no ERSPAN header
    Erspan1,
    /// Type II
    Erspan2,
    /// Type III
    Erspan3,
    /// IP in IPv4; IPv6 in it is 6in4
    IpInIp,
    Vxlan,
    Geneve,
    /// A phone's packets in its operator's network
    GtpU,
    /// What a router's sniffer streams: Ethernet in UDP
    Tzsp,
    /// Ethernet in IP
    Etherip,
    /// PPP in L2TP version 2
    L2tp,
    /// Ethernet in L2TP version 3 over UDP, with a cookie
    L2tpV3,
    /// Ethernet in L2TP version 3 over IP
    L2tpV3Ip,
    /// 802.11 data frames
    Wifi,
    /// These after a Prism header
    WifiPrism,
    /// These after an AVS header
    WifiAvs,
    /// These after a PPI header
    WifiPpi,
    /// An Ethernet pseudowire in MPLS without a control word
    Pseudowire,
    /// The same with a control word
    PseudowireWord,
    /// Cisco's tag of virtual ports
    VnTag,
    /// The tag of 802.1BR
    ETag,
    /// A Nexus leaf's timestamp
    Ttag,
    /// Cisco's security group
    SecurityGroup,
    /// Arista's timestamp in the header
    AristaTime,
    /// Redundancy in rings
    Hsr,
    /// MAC-in-MAC, 802.1ah
    MacInMac,
    FabricPath,
    Trill,
    /// MACsec that protects integrity alone
    Macsec,
    /// A service chain's header, Ethernet inside
    Nsh,
    /// 802.3 with LLC and SNAP
    Snap,
    /// A switch chip's port to its processor, Marvell
    Dsa,
    /// The same with an EtherType
    Edsa,
    /// Broadcom's
    BroadcomTag,
    CiscoHdlc,
    /// PPP with the packet's direction before it
    PppDirection,
    FrameRelay,
    /// An access point's tunnel to its controller, Ethernet inside
    Capwap,
    /// The same, 802.11 inside
    CapwapWifi,
    /// The same with swapped frame control, as Cisco sends it
    CapwapSwapped,
    /// VXLAN on a port of the site's own
    VxlanOwnPort,
    /// IP right behind UDP
    Fou,
    Gue,
    GreUdp,
    /// GRE with a source route
    GreRouting,
    /// Raw IP in a capture that says Ethernet
    RawAsEthernet,
}

/// MAC addresses of sender and receiver.
#[derive(Clone, Copy, Debug)]
pub struct Macs {
    pub src: [u8; 6],
    pub dst: [u8; 6],
}

/// VLAN that tagged links carry, innermost.
pub const VLAN: u16 = 12;
/// Outer VLAN of links with several.
pub const OUTER_VLAN: u16 = 100;
/// VLAN between those.
pub const MIDDLE_VLAN: u16 = 50;

impl Link {
    pub fn all() -> &'static [Link] {
        Link::value_variants()
    }

    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The VLANs that a frame shows, outermost first.
    pub fn vlans(self) -> &'static [u16] {
        match self {
            Link::Vlan => &[VLAN],
            Link::Vlan2 | Link::Qinq => &[OUTER_VLAN, VLAN],
            Link::Vlan3 => &[OUTER_VLAN, MIDDLE_VLAN, VLAN],
            _ => &[],
        }
    }

    /// The `LINKTYPE_` value of captures of this link (<https://www.tcpdump.org/linktypes.html>).
    pub fn link_type(self) -> u32 {
        match self {
            Link::LinuxCooked => 113,
            Link::LinuxCooked2 => 276,
            Link::Raw => 101,
            Link::Null => 0,
            Link::Wifi => 105,
            Link::WifiPrism => 119,
            Link::WifiAvs => 163,
            Link::WifiPpi => 192,
            Link::CiscoHdlc => 104,
            Link::FrameRelay => 107,
            Link::PppDirection => 204,
            Link::BroadcomTag => 281,
            Link::Dsa => 284,
            Link::Edsa => 285,
            _ => 1,
        }
    }

    /// Whether the frames show the hosts' own MAC addresses.
    pub fn shows_mac(self) -> bool {
        !matches!(
            self,
            Link::Raw
                | Link::RawAsEthernet
                | Link::Null
                | Link::CiscoHdlc
                | Link::PppDirection
                | Link::FrameRelay
                | Link::Fou
        )
    }
}
