//! Tags and tunnels that only this site knows, from its configuration.

/// A tag that only this site knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteTag {
    /// The value that announces it.
    pub ether_type: u16,
    /// Bytes between that value and the EtherType of the frame.
    pub length: usize,
}

/// A port on which this site runs a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteTunnel {
    /// Destination port of the datagrams.
    pub port: u16,
    /// What they hold.
    pub kind: TunnelKind,
}

/// A kind of tunnel that a site may run on a port of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelKind {
    /// VXLAN (RFC 7348).
    Vxlan,
    /// Geneve (RFC 8926).
    Geneve,
    /// GRE (RFC 8086).
    Gre,
    /// Generic UDP encapsulation (draft-ietf-intarea-gue).
    Gue,
}

impl TunnelKind {
    /// All kinds with their names in the configuration.
    pub const NAMES: [(&'static str, TunnelKind); 4] = [
        ("vxlan", TunnelKind::Vxlan),
        ("geneve", TunnelKind::Geneve),
        ("gre", TunnelKind::Gre),
        ("gue", TunnelKind::Gue),
    ];
}
