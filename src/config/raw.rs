//! The configuration as it is written. Every setting is optional, and knows its place in the file.

use serde::Deserialize;
use toml::Spanned;

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
    pub interfaces: Placed<Vec<String>>,
    pub threads: Placed<i64>,
    pub promiscuous: Placed<bool>,
    pub snaplen: Placed<i64>,
    pub buffer: Placed<String>,
    pub filter: Placed<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Network {
    pub home_net: Placed<Vec<Spanned<String>>>,
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
    pub incident_idle: Placed<String>,
    pub update_interval: Placed<String>,
    pub probe_pools: Placed<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Output {
    pub format: Placed<String>,
    pub file: Placed<String>,
    pub events: Placed<Vec<Spanned<String>>>,
    pub sensor: Placed<String>,
    pub summary: Placed<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    pub memory: Placed<String>,
    pub tcp_idle: Placed<String>,
    pub udp_idle: Placed<String>,
}
