//! The configuration as parsed, before checks. Every setting is optional and has its position.
//!
//! A setting is a [`Value`] where not all values of one type are allowed; [`super::settings`]
//! checks it.

use serde::Deserialize;
use toml::{Spanned, Value};

type Placed<T> = Option<Spanned<T>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawConfig {
    pub capture: RawCapture,
    pub decode: RawDecode,
    pub network: RawNetwork,
    pub intel: RawIntel,
    pub alerts: RawAlerts,
    pub output: RawOutput,
    pub limits: RawLimits,
    pub health: RawHealth,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCapture {
    pub interfaces: Placed<Vec<Spanned<String>>>,
    pub threads: Placed<Value>,
    pub promiscuous: Placed<bool>,
    pub snaplen: Placed<Value>,
    pub buffer: Placed<Value>,
    pub filter: Placed<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDecode {
    pub tags: Placed<Vec<Spanned<Value>>>,
    pub tunnels: Placed<Vec<Spanned<Value>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawNetwork {
    pub home_net: Placed<Vec<Spanned<Value>>>,
    pub vlan_in_flow: Placed<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawIntel {
    pub builtin: Placed<bool>,
    pub files: Placed<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAlerts {
    pub incident_idle: Placed<Value>,
    pub update_interval: Placed<Value>,
    pub probe_pools: Placed<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawOutput {
    pub format: Placed<Value>,
    pub file: Placed<String>,
    pub events: Placed<Vec<Spanned<Value>>>,
    pub sensor: Placed<String>,
    pub summary: Placed<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLimits {
    pub memory: Placed<Value>,
    pub tcp_idle: Placed<Value>,
    pub udp_idle: Placed<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawHealth {
    pub window: Placed<Value>,
    pub no_packets: Placed<Value>,
    pub drops_warning: Placed<Value>,
    pub drops_critical: Placed<Value>,
    pub one_way: Placed<Value>,
    pub gaps: Placed<Value>,
    pub unreadable: Placed<Value>,
    pub payload_cut: Placed<Value>,
}
