//! Tags and UDP tunnel ports that the site's configuration adds.

/// A tag in front of an EtherType, known only from the site's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteTag {
    /// EtherType that announces the tag.
    pub ether_type: u16,
    /// Length in bytes, from after that EtherType to the next one.
    pub length: usize,
}

/// A UDP port to which this site sends tunnel traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteTunnel {
    /// Destination UDP port of the datagrams.
    pub port: u16,
    /// Kind of tunnel in the datagrams.
    pub kind: SiteTunnelKind,
}

/// A kind of UDP tunnel that a site may run on a port of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteTunnelKind {
    /// VXLAN (RFC 7348).
    Vxlan,
    /// Geneve (RFC 8926).
    Geneve,
    /// GRE in UDP (RFC 8086).
    Gre,
    /// Generic UDP encapsulation (draft-ietf-intarea-gue).
    Gue,
}

impl SiteTunnelKind {
    /// All kinds, with their names in the configuration.
    pub const NAMES: [(&'static str, SiteTunnelKind); 4] = [
        ("vxlan", SiteTunnelKind::Vxlan),
        ("geneve", SiteTunnelKind::Geneve),
        ("gre", SiteTunnelKind::Gre),
        ("gue", SiteTunnelKind::Gue),
    ];
}
