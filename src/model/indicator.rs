//! What the intelligence knows about an indicator that matched.

use std::sync::Arc;

/// What an indicator stands for, and so how serious a contact with it is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum IntelClass {
    /// A public mining pool.
    Pool,
    /// A mining proxy or a relay in front of pools.
    Proxy,
    /// A host that serves miners to web browsers.
    Browser,
    /// Infrastructure of mining malware.
    Malware,
    /// Related to mining but no proof of it: pools of exchanges, dashboards, downloads.
    Policy,
}

impl IntelClass {
    /// Returns the word used in records and in lists.
    pub const fn name(self) -> &'static str {
        match self {
            IntelClass::Pool => "pool",
            IntelClass::Proxy => "proxy",
            IntelClass::Browser => "browser",
            IntelClass::Malware => "malware",
            IntelClass::Policy => "policy",
        }
    }
}

/// An entry of the intelligence, to which indicators refer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntelEntry {
    /// Name of the pool, proxy or campaign; otherwise the indicator itself.
    pub name: String,
    /// What the entry stands for.
    pub class: IntelClass,
    /// Ticker symbols of the coins that belong to the entry.
    pub coins: Vec<String>,
    /// Lists that contain the entry, with their dates: `maltrail 2026-11-01`.
    pub sources: Vec<String>,
}

/// A match of an observed value with the intelligence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntelMatch {
    /// The entry to which the indicator belongs.
    pub entry: Arc<IntelEntry>,
    /// The indicator that matched, as loaded: `supportxmr.com`, `91.121.140.167`.
    pub indicator: String,
}
