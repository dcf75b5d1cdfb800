//! `--events`: what the parsers saw, as EVE records of the types dns, tls, quic, http and flow.
//!
//! Only fields that Suricata's schemas of versions 7.0 and 8.0 both allow.

pub(super) mod dns;
pub(super) mod flow;
pub(super) mod http;
pub(super) mod tls;

use super::envelope::{self, Body, Envelope};
use super::fit::MAX_LINE;
use crate::config::Event as Kind;
use crate::correlate::community_id;
use crate::model::chunk::Direction;
use crate::model::event::{Event, Moment};
use crate::model::flow::{Flow, Transport};

/// Which types of records to write; none unless asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventKinds {
    wanted: [bool; Kind::ALL.len()],
}

impl EventKinds {
    /// Whether any type is wanted.
    pub fn any(&self) -> bool {
        self.wanted.contains(&true)
    }

    fn has(self, kind: Kind) -> bool {
        self.wanted[kind as usize]
    }
}

impl FromIterator<Kind> for EventKinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        let mut all = EventKinds::default();
        kinds.into_iter().for_each(|kind| all.wanted[kind as usize] = true);
        all
    }
}

/// The record of `event`, if its type is among `kinds`: one line without its line feed.
pub fn record(
    flow: &Flow,
    at: Moment,
    event: &Event<'_>,
    kinds: EventKinds,
    sensor: Option<&str>,
) -> Option<String> {
    let (kind, client, body) = match *event {
        Event::Dns(message) if kinds.has(Kind::Dns) => {
            (Kind::Dns, message.asker(), Body::Dns(dns::Body::of(message)))
        }
        Event::TlsHandshake(handshake) if kinds.has(Kind::Tls) => {
            (Kind::Tls, handshake.direction, Body::Tls(tls::TlsBody::of(handshake)))
        }
        Event::Quic(initial) if kinds.has(Kind::Quic) => {
            (Kind::Quic, initial.hello.direction, Body::Quic(tls::QuicBody::of(initial)))
        }
        Event::HttpRequest(request) if kinds.has(Kind::Http) => {
            (Kind::Http, request.direction, Body::Http(http::Body::of_request(request)))
        }
        Event::HttpResponse(response) if kinds.has(Kind::Http) => (
            Kind::Http,
            response.direction.reverse(),
            Body::Http(http::Body::of_response(response)),
        ),
        Event::FlowClosed(end) if kinds.has(Kind::Flow) => {
            (Kind::Flow, Direction::ToServer, Body::Flow(flow::Body::of(flow, end)))
        }
        _ => return None,
    };
    let mut record = envelope(flow, client, at, kind, sensor, body);
    let mut line = record.line().ok()?;
    while line.len() > MAX_LINE && record.body.shrink() {
        line = record.line().ok()?;
    }
    Some(line)
}

/// `client`: the direction in which the client's messages travel.
fn envelope(
    flow: &Flow,
    client: Direction,
    at: Moment,
    kind: Kind,
    sensor: Option<&str>,
    body: Body,
) -> Envelope {
    let ports = !matches!(flow.transport(), Transport::Other(_));
    let ways = [client, client.reverse()];
    let [there, back] = ways.map(|direction| &flow.link[direction.index()]);
    let [client, server] = ways.map(|direction| flow.sender(direction));
    Envelope {
        timestamp: at.time.to_eve(),
        flow_id: envelope::flow_id(flow.id, client, server),
        event_type: kind.name(),
        vlan: if there.is_tagged() { there } else { back }.vlans().collect(),
        src_ip: client.ip,
        src_port: ports.then_some(client.port),
        dest_ip: server.ip,
        dest_port: ports.then_some(server.port),
        proto: envelope::proto(flow.transport()),
        app_proto: (kind != Kind::Flow).then(|| kind.name()),
        community_id: community_id(&flow.key),
        host: envelope::sensor_name(sensor),
        ether: None,
        body,
    }
}

impl Body {
    /// Leaves out a part of what can be long: whether there was anything left to leave out.
    fn shrink(&mut self) -> bool {
        match self {
            Body::Dns(dns) => dns.shrink(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
