//! Turns settings into the parts from which the stages are built.

use std::path::Path;
use std::sync::Arc;

use super::args::CommonArgs;
use super::exit::{Exit, Failure};
use super::print;
use crate::capture::check_filter;
use crate::config::{self, LimitSettings, OutputSettings, Settings};
use crate::correlate::{self, HomeNet};
use crate::decode::{DecodeOptions, FragmentLimits, LayerOptions, SiteTags, SiteTunnels};
use crate::flow::FlowLimits;
use crate::intel::{Intel, Warning};
use crate::output::Route;
use crate::output::encoder::encoder;
use crate::output::sink::{FileSink, Sink, StandardOutputSink};
use crate::pipeline::Setup;

/// Warnings about intelligence that are shown; `minewatch check` shows all.
const MAX_REMARKS: usize = 5;

/// Reads the settings of the file and overrides them with those of the command line.
pub(super) fn settings(common: CommonArgs) -> Result<Settings, Failure> {
    let mut settings = file_settings(common.config.as_deref())?;
    let Settings { capture, network, intel, output, .. } = &mut settings;
    output.format = common.format.unwrap_or(output.format);
    output.file = common.output.unwrap_or_else(|| output.file.clone());
    output.summary = common.summary.unwrap_or(output.summary);
    if !common.events.is_empty() {
        output.events = common.events;
    }
    if !common.home_net.is_empty() {
        network.home_net = common.home_net;
    }
    capture.threads = common.threads.map_or(capture.threads, usize::from);
    capture.filter = common.filter.or_else(|| capture.filter.take());
    // Files of the command line come first and have precedence.
    intel.files = common.intel_files.into_iter().chain(std::mem::take(&mut intel.files)).collect();
    Ok(settings)
}

/// Reads the settings of `file`, or takes the built-in ones.
pub(super) fn file_settings(file: Option<&Path>) -> Result<Settings, Failure> {
    Ok(file.map(|file| config::load(file, check_filter)).transpose()?.unwrap_or_default())
}

/// Builds the setup of the stages, and loads the intelligence.
///
/// `decoders` is the number of decoders: in live capture each worker has one; in a replay one
/// decodes for all workers.
pub(super) fn setup(settings: &Settings, decoders: usize) -> Result<Setup, Failure> {
    let memory = MemoryBudget::split(&settings.limits, settings.capture.threads, decoders);
    Ok(Setup {
        intel: Arc::new(intel(settings)?),
        decode: DecodeOptions {
            layers: LayerOptions {
                vlan_in_key: settings.network.vlan_in_flow,
                tags: SiteTags::new(settings.decode.tags.clone()),
                tunnels: SiteTunnels::new(settings.decode.tunnels.clone()),
            },
            fragments: FragmentLimits { memory: memory.fragments, ..FragmentLimits::default() },
        },
        flow: FlowLimits {
            memory: memory.flows,
            tcp_established: settings.limits.tcp_idle,
            udp: settings.limits.udp_idle,
            ..FlowLimits::default()
        },
        correlate: correlate::CorrelatorOptions {
            sensor: settings.output.sensor.clone(),
            home_net: HomeNet::new(settings.network.home_net.clone()),
            incident_idle: settings.alerts.incident_idle,
            update_interval: settings.alerts.update_interval,
            probe_pools: settings.alerts.probe_pools,
            max_incidents: memory.incidents / INCIDENT_BYTES,
            max_names: memory.names / NAME_BYTES,
        },
        events: settings.output.events.iter().copied().collect(),
        health: settings.health.clone(),
    })
}

/// Loads the intelligence and prints the first warnings about it.
fn intel(settings: &Settings) -> Result<Intel, Failure> {
    if settings.intel.files.is_empty() && settings.intel.builtin {
        return Ok(Intel::builtin());
    }
    let (intel, warnings) = Intel::load(&settings.intel.files, settings.intel.builtin)?;
    print_warnings(&warnings);
    Ok(intel)
}

fn print_warnings(warnings: &[Warning]) {
    for warning in warnings.iter().take(MAX_REMARKS) {
        print::note(warning);
    }
    if let Some(more) = warnings.len().checked_sub(MAX_REMARKS).filter(|&more| more > 0) {
        print::note(format_args!(
            "{more} more remarks on intelligence; `minewatch check` shows them"
        ));
    }
}

/// Bytes of an incident with one or two conversations and their reasons. An incident at all its
/// limits takes several times as much; `tests/behaviour/program/floods.rs` tests the maximum number
/// of these.
const INCIDENT_BYTES: usize = 8 << 10;
/// Typical bytes of a learnt name, in both maps of the table.
const NAME_BYTES: usize = 512;

/// The memory budget, split by use. Flows grow with the traffic, so they get most.
#[derive(Debug, PartialEq, Eq)]
struct MemoryBudget {
    /// Bytes for the flows of one worker, with the segments that reassembly buffers.
    flows: usize,
    /// Bytes for the IP fragments of one decoder.
    fragments: usize,
    names: usize,
    incidents: usize,
}

impl MemoryBudget {
    fn split(limits: &LimitSettings, workers: usize, decoders: usize) -> Self {
        let sixteenth = limits.memory / 16;
        MemoryBudget {
            flows: sixteenth * 12 / workers.max(1),
            fragments: sixteenth / decoders.max(1),
            names: sixteenth,
            incidents: sixteenth * 2,
        }
    }
}

/// Opens an output and builds its route.
pub(super) fn route(output: &OutputSettings) -> Result<Route, Failure> {
    let sink: Box<dyn Sink> = if output.file.as_os_str() == "-" {
        Box::new(StandardOutputSink::new())
    } else {
        let opened = FileSink::open(&output.file);
        Box::new(opened.map_err(|error| Failure::new(Exit::Failure, error))?)
    };
    Ok(Route::new(encoder(output.format), sink))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_together_stay_within_the_budget() {
        for (megabytes, workers, decoders) in
            [(16, 1, 1), (256, 1, 1), (256, 4, 4), (256, 4, 1), (16, 63, 63)]
        {
            let limits = LimitSettings { memory: megabytes << 20, ..LimitSettings::default() };
            let memory = MemoryBudget::split(&limits, workers, decoders);
            let all = memory.flows * workers
                + memory.fragments * decoders
                + memory.names
                + memory.incidents;
            assert!(all <= limits.memory && all > limits.memory / 16 * 15, "{memory:?}");
        }
    }
}
