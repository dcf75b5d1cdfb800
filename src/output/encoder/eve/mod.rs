//! The format of Suricata's EVE log.
//!
//! Records about incidents become `alert` records; extracted events become records of the types
//! dns, tls, quic, http and flow. Only fields that Suricata's schemas of versions 7.0 and 8.0 both
//! allow are used. Each kind of event has a file here and a line in [`event_body`].

mod alert;
mod dns;
mod envelope;
mod flow;
mod http;
mod sensor;
mod technique;
#[cfg(test)]
mod tests;
mod tls;

pub use alert::{line, signature, signature_id};

use super::fit::MAX_LINE;
use super::{EncodeError, Encoder};
use crate::model::flow::Transport;
use crate::model::record::{EventBody, EventKind, EventRecord, Outgoing};
use envelope::{Envelope, EnvelopeBody};

/// Encodes records in EVE.
pub struct EveEncoder;

impl Encoder for EveEncoder {
    fn encode(&mut self, record: &Outgoing, frame: &mut Vec<u8>) -> Result<bool, EncodeError> {
        let line = match record {
            Outgoing::Alert(record) => line(record)?,
            Outgoing::Event(event) => event_line(event)?,
            Outgoing::Sensor(record) => sensor::line(record)?,
        };
        frame.extend_from_slice(line.as_bytes());
        Ok(true)
    }
}

/// Encodes an event as one line without its line feed, of at most [`MAX_LINE`] bytes where that is
/// possible.
fn event_line(event: &EventRecord) -> serde_json::Result<String> {
    let mut record = envelope(event);
    let mut line = record.line()?;
    while line.len() > MAX_LINE && record.body.shrink() {
        line = record.line()?;
    }
    Ok(line)
}

/// The part of a record that depends on the kind of event.
fn event_body(body: &EventBody) -> EnvelopeBody {
    match body {
        EventBody::Dns(event) => EnvelopeBody::Dns(event.into()),
        EventBody::Tls(event) => EnvelopeBody::Tls(event.into()),
        EventBody::Quic(event) => EnvelopeBody::Quic(event.into()),
        EventBody::Http(event) => EnvelopeBody::Http(event.into()),
        EventBody::Flow(event) => EnvelopeBody::Flow(event.into()),
    }
}

fn envelope(event: &EventRecord) -> Envelope {
    let EventRecord { head, body } = event;
    let kind = body.kind();
    Envelope {
        timestamp: head.time.to_eve(),
        flow_id: envelope::flow_id(head.flow_id, head.client.into(), head.server.into()),
        event_type: kind.name(),
        vlan: head.vlan.clone(),
        src_ip: head.client.ip,
        src_port: head.client.port,
        dest_ip: head.server.ip,
        dest_port: head.server.port,
        proto: envelope::proto(Transport::from_number(head.ip_protocol)),
        app_proto: (kind != EventKind::Flow).then(|| kind.name()),
        community_id: head.community_id.clone(),
        host: envelope::sensor_name(head.sensor.as_deref()),
        ether: None,
        body: event_body(body),
    }
}

impl EnvelopeBody {
    /// Removes a part of a body that can be long. Returns whether there was anything to remove.
    fn shrink(&mut self) -> bool {
        match self {
            EnvelopeBody::Dns(dns) => dns.shrink(),
            _ => false,
        }
    }
}
