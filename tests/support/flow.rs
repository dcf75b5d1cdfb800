//! A flow for tests and benchmarks, between an inside host and a server.

use minewatch::model::Timestamp;
use minewatch::model::flow::{Endpoint, Flow, FlowKey, Transport};

/// A flow that was seen from its start, in both directions.
pub fn flow(transport: Transport, client_port: u16, server_port: u16) -> Flow {
    let client = Endpoint { ip: [10, 0, 0, 7].into(), port: client_port };
    let server = Endpoint { ip: [198, 51, 100, 9].into(), port: server_port };
    let (key, initiator) = FlowKey::new(client, server, transport, 0);
    Flow { packets: [10, 10], bytes: [1000, 1000], ..Flow::new(key, initiator, 1, Timestamp::ZERO) }
}
