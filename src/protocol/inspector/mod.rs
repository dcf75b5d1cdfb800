//! Finds the protocol of a flow and keeps its parser.
//!
//! For TCP, the first bytes decide, never the port. After a proxy's handshake or an upgrade to bare
//! bytes, detection restarts for what follows; an upgrade to WebSocket names the next protocol. A
//! flow whose payload can tell nothing more is settled.

mod datagrams;
mod stream;

use super::parser::Context;
use crate::model::chunk::{Chunk, Interest};
use crate::model::flow::{Flow, FlowEnds, Transport};
use datagrams::DatagramInspector;
use stream::StreamInspector;

/// Inspector of one flow: its protocol and its parser, as far as they are known.
pub struct Inspector(Inner);

enum Inner {
    Stream(StreamInspector),
    Datagrams(DatagramInspector),
}

impl Inspector {
    /// Creates the inspector of a flow; `None` for transports whose payload is not inspected.
    pub fn new(flow: &Flow) -> Option<Inspector> {
        match flow.transport() {
            Transport::Tcp => {
                Some(Inspector(Inner::Stream(StreamInspector::new(flow.midstream()))))
            }
            Transport::Udp => Some(Inspector(Inner::Datagrams(DatagramInspector::default()))),
            Transport::Other(_) => None,
        }
    }

    /// Inspects the next bytes of the flow.
    pub fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Interest {
        match &mut self.0 {
            Inner::Stream(stream) => stream.feed(context, chunk),
            Inner::Datagrams(datagrams) => datagrams.chunk(context, chunk),
        }
    }

    /// Returns the bytes on the heap: the parser, and what the flow has made it keep.
    pub fn held(&self) -> usize {
        match &self.0 {
            Inner::Stream(stream) => stream.held(),
            Inner::Datagrams(datagrams) => datagrams.held(),
        }
    }

    /// Emits what the parser still holds back; called when the flow has ended.
    pub fn close(&mut self, context: &mut Context<'_>) {
        match &mut self.0 {
            Inner::Stream(stream) => stream.close(context),
            Inner::Datagrams(datagrams) => datagrams.close(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::model::chunk::Direction::{self, ToClient as S, ToServer as C};
    use crate::model::event::{Event, EventSink, Moment};
    use crate::model::flow::{Endpoint, FlowKey};
    use crate::protocol::parser::Scratch;

    struct Nobody;

    impl EventSink for Nobody {
        fn event(&mut self, _: &Flow, _: Moment, _: Event<'_>) {}
    }

    /// Returns a new worker's protocol counts, as JSON, after one flow to `port` with these turns.
    fn counted(transport: Transport, port: u16, turns: &[(Direction, &[u8])]) -> String {
        let client = Endpoint { ip: "10.0.0.7".parse().unwrap(), port: 50210 };
        let server = Endpoint { ip: "198.51.100.9".parse().unwrap(), port };
        let (key, initiator) = FlowKey::new(client, server, transport, 0);
        let mut flow = Flow::new(key, initiator, 1, Timestamp::ZERO);
        let mut scratch = Scratch::default();
        let mut kept = None;
        for (direction, bytes) in turns {
            flow.packets[direction.index()] += 1;
            let (direction, time) = (*direction, Timestamp::ZERO);
            let chunk = Chunk { direction, time, packet: 1, gap: 0, bytes };
            let (scratch, sink) = (&mut scratch, &mut Nobody);
            let mut context = Context { flow: &flow, at: Moment::default(), scratch, sink };
            let mut inspector = kept.take().or_else(|| Inspector::new(&flow)).unwrap();
            match inspector.chunk(&mut context, &chunk) {
                Interest::More => kept = Some(inspector),
                Interest::Stateless => {}
                Interest::Settled => break,
            }
        }
        serde_json::to_string(&scratch.protocols).unwrap()
    }

    #[test]
    fn a_flow_counts_for_each_protocol_that_is_found_in_it() {
        const LOGIN: &[u8] = b"{\"id\":1,\"method\":\"login\",\"params\":{\"login\":\"x\"}}\n";
        let query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x04pool\x07example\0\0\x01\0\x01";
        let noise: &[u8] = &[0xff; 300];
        for (transport, port, turns, expected) in [
            (Transport::Tcp, 443, &[(C, LOGIN), (S, LOGIN)][..], r#"{"stratum":1,"unknown":0}"#),
            (
                Transport::Tcp,
                80,
                &[
                    (C, b"CONNECT pool.example:3333 HTTP/1.1\r\n\r\n"),
                    (S, b"HTTP/1.1 200 OK\r\n\r\n"),
                    (C, LOGIN),
                ],
                r#"{"http":1,"stratum":1,"unknown":0}"#,
            ),
            (
                Transport::Tcp,
                80,
                &[
                    (C, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
                    (S, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
                ],
                r#"{"http":1,"websocket":1,"unknown":0}"#,
            ),
            (Transport::Tcp, 22, &[(C, noise); 40], r#"{"unknown":1}"#),
            (Transport::Udp, 53, &[(C, &query[..]); 3], r#"{"dns":1,"unknown":0}"#),
            (Transport::Udp, 5300, &[(C, &query[..]); 3], r#"{"dns":1,"unknown":0}"#),
            (Transport::Udp, 5353, &[(C, noise); 3], r#"{"host-names":1,"unknown":0}"#),
            (Transport::Udp, 9999, &[(C, noise); 9], r#"{"unknown":1}"#),
        ] {
            assert_eq!(counted(transport, port, turns), expected);
        }
    }
}
