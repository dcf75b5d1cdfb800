//! Converts extracted events to typed records, for sites that log them.
//!
//! A protocol whose events are logged has a file here, which converts its parser's events to an
//! [`EventBody`], and a line in [`body`].

mod dns;
mod flow;
mod http;
mod tls;

use minewatch_record::{EventBody, EventEndpoint, EventHead, EventKind, EventKinds, EventRecord};

use crate::flow::community_id;
use crate::model::chunk::Direction;
use crate::model::event::{Event, Moment};
use crate::model::flow::{Flow, FlowEnds, Transport};

/// Returns the record of `event`, or `None` if its kind is not in `kinds`.
pub fn event_record(
    flow: &Flow,
    at: Moment,
    event: &Event<'_>,
    kinds: EventKinds,
    sensor: Option<&str>,
) -> Option<EventRecord> {
    let (client, body) = body(flow, event, kinds)?;
    Some(EventRecord { head: head(flow, client, at, sensor), body })
}

/// Returns the contents of `event`, and the direction of the client's messages.
fn body(flow: &Flow, event: &Event<'_>, kinds: EventKinds) -> Option<(Direction, EventBody)> {
    Some(match *event {
        Event::Dns(message) if kinds.has(EventKind::Dns) => {
            (message.asker(), EventBody::Dns(dns::event(message)))
        }
        Event::TlsHandshake(handshake) if kinds.has(EventKind::Tls) => {
            (handshake.direction, EventBody::Tls(tls::event(handshake)))
        }
        Event::Quic(initial) if kinds.has(EventKind::Quic) => {
            (initial.hello.direction, EventBody::Quic(tls::quic_event(initial)))
        }
        Event::HttpRequest(request) if kinds.has(EventKind::Http) => {
            (request.direction, EventBody::Http(http::request(request)))
        }
        Event::HttpResponse(response) if kinds.has(EventKind::Http) => {
            (response.direction.reverse(), EventBody::Http(http::response(response)))
        }
        Event::FlowClosed(reason) if kinds.has(EventKind::Flow) => {
            (Direction::ToServer, EventBody::Flow(flow::event(flow, reason)))
        }
        _ => return None,
    })
}

fn head(flow: &Flow, client: Direction, at: Moment, sensor: Option<&str>) -> EventHead {
    let ports = !matches!(flow.transport(), Transport::Other(_));
    let ways = [client, client.reverse()];
    let [there, back] = ways.map(|direction| &flow.link[direction.index()]);
    let [client, server] = ways.map(|direction| {
        let end = flow.sender(direction);
        EventEndpoint { ip: end.ip, port: ports.then_some(end.port) }
    });
    EventHead {
        time: at.time,
        sensor: sensor.map(str::to_owned),
        flow_id: flow.id,
        community_id: community_id(&flow.key),
        client,
        server,
        ip_protocol: flow.transport().number(),
        vlan: if there.is_tagged() { there } else { back }.vlans().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::{DnsMessage, HttpRequest};
    use crate::model::flow::{Endpoint, FlowEndReason, FlowKey};
    use crate::model::{LinkInfo, Timestamp};

    fn flow(transport: Transport) -> Flow {
        let client = Endpoint { ip: [10, 0, 0, 7].into(), port: 50_512 };
        let server = Endpoint { ip: [192, 0, 2, 9].into(), port: 53 };
        let (key, initiator) = FlowKey::new(client, server, transport, 0);
        let mut link = LinkInfo::default();
        link.push_vlan(120);
        let link = [link, LinkInfo::NONE];
        Flow { link, ..Flow::new(key, initiator, 17, Timestamp::from_parts(1_793_697_300, 0)) }
    }

    fn record(flow: &Flow, event: Event<'_>, kinds: EventKinds) -> Option<EventRecord> {
        event_record(flow, Moment::default(), &event, kinds, Some("sensor-1"))
    }

    #[test]
    fn only_the_kinds_asked_for_are_recorded() {
        let kinds = EventKinds::from_iter([EventKind::Dns, EventKind::Flow]);
        let (message, request) = (DnsMessage::default(), HttpRequest::default());
        let some = |event| record(&flow(Transport::Udp), event, kinds).is_some();
        assert!(some(Event::Dns(&message)) && some(Event::FlowClosed(FlowEndReason::Timeout)));
        assert!(!some(Event::HttpRequest(&request)) && !some(Event::FlowOpened));
    }

    #[test]
    fn the_asker_is_the_client_whoever_opened_the_flow() {
        let kinds = EventKinds::from_iter(EventKind::ALL);
        let asked = DnsMessage { direction: Direction::ToClient, ..DnsMessage::default() };
        let head = record(&flow(Transport::Udp), Event::Dns(&asked), kinds).unwrap().head;
        assert_eq!((head.client.port, head.server.port), (Some(53), Some(50_512)));
        assert_eq!((head.vlan.as_slice(), head.ip_protocol), (&[120][..], 17));
        let closed = Event::FlowClosed(FlowEndReason::Timeout);
        let head = record(&flow(Transport::Other(1)), closed, kinds).unwrap().head;
        assert_eq!((head.client.port, head.community_id), (None, None));
    }
}
