//! The configuration as it is written. Every setting is optional, and knows its place in the file.
//!
//! A [`Value`] stands where not every value of one type is possible: what is, [`super::settings`] says.

use serde::Deserialize;
use toml::{Spanned, Value};

type Placed<T> = Option<Spanned<T>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Config {
    pub capture: Capture,
    pub network: Network,
    pub intel: Intel,
    pub alerts: Alerts,
    pub output: Output,
    pub limits: Limits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Capture {
    pub interfaces: Placed<Vec<Spanned<String>>>,
    pub threads: Placed<Value>,
    pub promiscuous: Placed<bool>,
    pub snaplen: Placed<Value>,
    pub buffer: Placed<Value>,
    pub filter: Placed<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Network {
    pub home_net: Placed<Vec<Spanned<Value>>>,
    pub vlan_in_flow: Placed<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Intel {
    pub builtin: Placed<bool>,
    pub files: Placed<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Alerts {
    pub incident_idle: Placed<Value>,
    pub update_interval: Placed<Value>,
    pub probe_pools: Placed<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Output {
    pub format: Placed<Value>,
    pub file: Placed<String>,
    pub events: Placed<Vec<Spanned<Value>>>,
    pub sensor: Placed<String>,
    pub summary: Placed<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    pub memory: Placed<Value>,
    pub tcp_idle: Placed<Value>,
    pub udp_idle: Placed<Value>,
}
