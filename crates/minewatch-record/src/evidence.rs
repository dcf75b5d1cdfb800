//! Evidence: the reasons for a verdict.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One reason for the verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The kind of observation.
    pub kind: EvidenceKind,
    /// Packet time of the first observation.
    pub time: Timestamp,
    /// The observation as text for a person.
    pub detail: String,
    /// The entry of the intelligence that matched.
    pub indicator: Option<String>,
    /// The lists that have this entry, or `protocol` for evidence from the conversation.
    pub source: String,
    /// Community ID v1 (seed 0) of the flow.
    pub community_id: Option<String>,
}

/// The kind of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // documented in docs/ALERTS.md, by these names
pub enum EvidenceKind {
    DnsQuery,
    DnsAnswer,
    TlsSni,
    TlsCertificate,
    QuicSni,
    HttpHost,
    HttpUrl,
    PoolAddress,
    TunnelTarget,
    Login,
    LoginReply,
    Job,
    Share,
    Probe,
}

impl EvidenceKind {
    /// Whether it is the lookup of a name.
    pub const fn is_lookup(self) -> bool {
        matches!(self, EvidenceKind::DnsQuery | EvidenceKind::DnsAnswer)
    }

    /// Whether it is a connection to an entry of the intelligence.
    pub const fn is_connection(self) -> bool {
        use EvidenceKind::{
            HttpHost, HttpUrl, PoolAddress, QuicSni, TlsCertificate, TlsSni, TunnelTarget,
        };
        matches!(
            self,
            PoolAddress | TlsSni | TlsCertificate | QuicSni | HttpHost | HttpUrl | TunnelTarget
        )
    }
}
