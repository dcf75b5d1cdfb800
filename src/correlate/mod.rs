//! Joins the findings of all flows into incidents, one per inside host and campaign.
//!
//! There is one correlator, and it gets its findings in capture order: what it says depends on
//! the packets alone. Every table is bounded.

mod assess;
mod attack;
mod campaign;
mod community_id;
mod contact;
mod conversation;
mod evidence;
mod hashrate;
mod home;
mod host_names;
mod hosts;
mod incident;
mod incidents;
mod names;
mod pools;
mod probing;
mod sentence;
mod sessions;

use std::time::Duration;

pub use community_id::community_id;
pub use hashrate::{Hashrate, WorkTotal};
pub use home::HomeNet;
pub use sentence::human_rate;

use hosts::Hosts;
use incidents::Incidents;
use names::Names;

use crate::model::alert::Alert;
use crate::model::finding::{Finding, FindingKind};
use crate::model::time::Timestamp;

/// How incidents are told, from the configuration.
#[derive(Clone, Debug)]
pub struct Options {
    pub home_net: HomeNet,
    /// An incident is closed after this much silence.
    pub incident_idle: Duration,
    /// News of an open incident is told at most this often, unless the verdict rises or another pool is
    /// used.
    pub update_interval: Duration,
    /// So many pools tried in vain make a prober.
    pub probe_pools: usize,
    /// Incidents open at once; the one that began first is closed beyond that.
    pub max_incidents: usize,
    /// Addresses whose names are remembered.
    pub max_names: usize,
}

/// Packet time between two looks at all incidents: much less than any sensible `incident_idle`.
const SCAN_INTERVAL: Duration = Duration::from_secs(10);
const DNS_PORT: u16 = 53;

/// Findings in, alerts out.
pub struct Correlator {
    names: Names,
    hosts: Hosts,
    incidents: Incidents,
    next_scan: Timestamp,
}

impl Correlator {
    pub fn new(options: Options) -> Self {
        Correlator {
            names: Names::new(options.max_names),
            hosts: Hosts::new(options.home_net.clone(), options.probe_pools),
            incidents: Incidents::new(options),
            next_scan: Timestamp::ZERO,
        }
    }

    /// Takes one finding and appends the alerts that it causes.
    pub fn finding(&mut self, finding: &Finding, alerts: &mut Vec<Alert>) {
        let &Finding { at, ref flow, host, ref kind } = finding;
        let (near, far) = (flow.sender(host), flow.sender(host.reverse()));
        match kind {
            FindingKind::Opened => self.connection(at, flow, host, alerts),
            FindingKind::Answer(answer) => {
                if far.port == DNS_PORT {
                    self.hosts.resolves(far.ip);
                }
                self.names.learn(near.ip, answer, at.time);
            }
            FindingKind::Named(name) => self.names.called(near.ip, far.ip, name, at.time),
            FindingKind::HostName(named) => self.hosts.is_called(named, at.time),
            FindingKind::Contact(contact) => self.contact(at, flow, host, contact, alerts),
            FindingKind::Mining(session) => self.mining(at, flow, host, session, alerts),
            FindingKind::Closed => self.incidents.end_flow(flow.id),
        }
    }

    /// Packet time has reached `now`: tells what is due and closes what is over.
    pub fn advance(&mut self, now: Timestamp, alerts: &mut Vec<Alert>) {
        // Time may also be set back.
        if now >= self.next_scan || self.next_scan.since(now) > SCAN_INTERVAL {
            self.next_scan = now.plus(SCAN_INTERVAL);
            self.incidents.scan(now, &self.hosts, alerts);
        }
    }

    /// The input has ended at `now`: closes everything, in order of opening.
    pub fn finish(&mut self, now: Timestamp, alerts: &mut Vec<Alert>) {
        self.incidents.close_all(now, &self.hosts, alerts);
    }
}
