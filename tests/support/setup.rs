//! The setup of the stages, from the default settings.

use std::sync::Arc;

use minewatch::config::Settings;
use minewatch::correlate::{CorrelatorOptions, HomeNet};
use minewatch::decode::DecodeOptions;
use minewatch::flow::FlowLimits;
use minewatch::intel::Intel;
use minewatch::model::record::EventKinds;
use minewatch::pipeline::Setup;

pub fn setup() -> Setup {
    let settings = Settings::default();
    Setup {
        intel: Arc::new(Intel::builtin()),
        decode: DecodeOptions::default(),
        flow: FlowLimits::default(),
        correlate: CorrelatorOptions {
            sensor: None,
            home_net: HomeNet::new(settings.network.home_net),
            incident_idle: settings.alerts.incident_idle,
            update_interval: settings.alerts.update_interval,
            probe_pools: settings.alerts.probe_pools,
            max_incidents: 1000,
            max_names: 10_000,
        },
        events: EventKinds::default(),
        health: settings.health,
    }
}
