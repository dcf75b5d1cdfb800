//! What the intelligence says of an indicator that matched.

use std::sync::Arc;

/// Who runs an indicator's host, and how bad a contact is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum IntelClass {
    /// A public mining pool.
    Pool,
    /// A mining proxy or a relay in front of pools.
    Proxy,
    /// Serves miners to web browsers.
    Browser,
    /// Infrastructure of mining malware.
    Malware,
    /// Mining-related but not proof of mining: exchanges' pools, dashboards, downloads.
    Policy,
}

impl IntelClass {
    /// The word in records and in lists.
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

/// An entry of the intelligence, to which indicators belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntelEntry {
    /// Name of the pool, proxy or campaign; else the indicator itself.
    pub name: String,
    /// How bad a contact is.
    pub class: IntelClass,
    /// Ticker symbols.
    pub coins: Vec<String>,
    /// Lists that name it, with date: `maltrail 2026-11-01`.
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
