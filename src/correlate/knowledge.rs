//! Facts about hosts and names that all rules share.

use std::net::IpAddr;

use super::CorrelatorOptions;
use super::host::{HostFacts, Hosts, PeerNames};
use crate::model::flow::FlowEnds;
use crate::model::record::Peer;
use crate::model::signal::{Signal, SignalKind};
use crate::model::{Endpoint, Timestamp};

const DNS_PORT: u16 = 53;

/// Facts learnt from signals about hosts and names. Rules read it, and mark hosts in it.
pub struct Knowledge {
    pub(super) names: PeerNames,
    pub(super) hosts: Hosts,
}

impl Knowledge {
    pub(super) fn new(options: &CorrelatorOptions) -> Self {
        Knowledge {
            names: PeerNames::new(options.max_names),
            hosts: Hosts::new(options.home_net.clone()),
        }
    }

    /// Learns the names, and the resolver, that a signal reports.
    pub(super) fn learn(&mut self, signal: &Signal) {
        let Signal { at, flow, sender, kind } = signal;
        match kind {
            SignalKind::DnsAnswer(answer) => {
                let resolver = flow.sender(sender.reverse());
                if resolver.port == DNS_PORT {
                    self.hosts.mark_resolver(resolver.ip);
                }
                self.names.learn(flow.sender(*sender).ip, answer, at.time);
            }
            SignalKind::PeerName(name) => {
                let (near, far) = (flow.sender(*sender), flow.sender(sender.reverse()));
                self.names.learn_used(near.ip, far.ip, name, at.time);
            }
            SignalKind::HostName(named) => self.hosts.learn_name(named, at.time),
            SignalKind::Connection
            | SignalKind::Contact(_)
            | SignalKind::Mining(_)
            | SignalKind::MiningEnded => {}
        }
    }

    /// Whether an address is one of the site's own.
    pub fn is_inside(&self, host: IpAddr) -> bool {
        self.hosts.is_inside(host)
    }

    /// The facts about a host for a record.
    pub(super) fn facts(&self, host: IpAddr) -> HostFacts {
        self.hosts.facts(host)
    }

    /// The other end of a host's connection. `known_as`: a name that the incident itself has, first
    /// in the list.
    pub(super) fn peer(
        &self,
        host: IpAddr,
        peer: Endpoint,
        known_as: Option<&str>,
        now: Timestamp,
    ) -> Peer {
        let told = self.names.lookup_by(host, peer.ip, now).map(|told| told.name.to_string());
        let own = self.hosts.names(peer.ip).into_iter().map(|name| name.name);
        let mut names: Vec<String> = Vec::new();
        for name in known_as.map(str::to_owned).into_iter().chain(told).chain(own) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Peer { ip: peer.ip, port: peer.port, names, inside: self.is_inside(peer.ip) }
    }
}
