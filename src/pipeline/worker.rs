//! One worker: turns the segments of its flows into signals.

use std::sync::Arc;

use crate::capture::Bypass;
use crate::decode::has_tunnel_port;
use crate::detect::{Detectors, FlowDetector, SignalReceiver, SignalSink};
use crate::extract::event_record;
use crate::flow::{FlowHandler, FlowStats, FlowTable};
use crate::intel::Intel;
use crate::model::Timestamp;
use crate::model::chunk::{Chunk, Direction, Interest};
use crate::model::event::{Event, EventSink, Moment};
use crate::model::flow::{Flow, FlowEndReason, FlowEnds, Transport};
use crate::model::record::{EventKinds, EventRecord};
use crate::model::segment::SegmentBatch;
use crate::model::signal::{Connection, Signal, SignalKind};
use crate::protocol::inspector::Inspector;
use crate::protocol::parser::{Context, Scratch};
use crate::protocol::stats::ProtocolStats;

use super::Setup;

/// A message of a worker. Its order does not depend on how flows are spread over workers.
#[derive(Debug)]
pub(super) struct WorkerMessage {
    time: Timestamp,
    order: Order,
    pub content: MessageContent,
}

#[derive(Debug)]
pub(super) enum MessageContent {
    Signal(Signal),
    /// An event that `--events` selects.
    Event(Arc<EventRecord>),
    /// Packet time has advanced: incidents may be over.
    Tick,
}

/// Sort key: packet number, cause, flow. What the time up to a packet caused comes before what the
/// packet itself caused. Messages of one flow keep their order by stable sorting.
type Order = (u64, MessageCause, u64);

/// The cause of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MessageCause {
    /// The packet shows that time has passed.
    Time,
    Packet,
    /// The input has ended after the packet.
    End,
}

/// The messages of a worker about one batch.
#[derive(Debug, Default)]
pub(super) struct WorkerMessages {
    pub list: Vec<WorkerMessage>,
    /// Connections that were opened. They precede all other messages about their first packet.
    pub connections: Vec<Connection>,
}

impl WorkerMessages {
    pub(super) fn len(&self) -> usize {
        self.list.len() + self.connections.len()
    }

    /// Moves the messages of another worker here.
    pub(super) fn append(&mut self, other: &mut WorkerMessages) {
        if self.len() == 0 {
            return std::mem::swap(self, other);
        }
        self.list.append(&mut other.list);
        self.connections.append(&mut other.connections);
    }

    /// Turns the connections for which `wanted` is true into messages, and drops the others.
    pub(super) fn admit(&mut self, wanted: impl Fn(&Connection) -> bool) {
        let admitted = self.connections.drain(..).filter(wanted).map(WorkerMessage::from);
        let admitted: Vec<WorkerMessage> = admitted.collect();
        self.list.splice(0..0, admitted);
    }
}

impl From<Connection> for WorkerMessage {
    fn from(connection: Connection) -> Self {
        let (time, first) = (connection.time, connection.flow.id);
        let content = MessageContent::Signal(connection.into());
        WorkerMessage { time, order: (first, MessageCause::Packet, first), content }
    }
}

impl WorkerMessage {
    /// The sort key within one replayed input.
    pub(super) fn order(&self) -> Order {
        self.order
    }

    /// The sort key among live workers, each of which numbers its packets by itself.
    pub(super) fn time_order(&self) -> (Timestamp, Order) {
        (self.time, self.order)
    }

    pub(super) fn time(&self) -> Timestamp {
        self.time
    }
}

/// Flow table, parsers and detectors of one thread, for the flows that it owns.
pub(super) struct Worker {
    /// Index of its list in [`SegmentBatch::dealt`].
    share: usize,
    /// Whether it sends a [`MessageContent::Tick`] when packet time advances.
    tells_time: bool,
    flows: FlowTable<Inspector>,
    analyzer: FlowAnalyzer,
    last_packet: u64,
}

impl Worker {
    /// The worker of a replay for list number `share`. All workers get every tick, so only the
    /// first sends it on.
    pub(super) fn for_share(setup: &Setup, share: usize) -> Self {
        Worker { share, tells_time: share == 0, ..Worker::new(setup) }
    }

    /// A worker that gets all segments of its batches.
    pub(super) fn new(setup: &Setup) -> Self {
        Worker {
            share: 0,
            tells_time: true,
            flows: FlowTable::new(setup.flow.clone()),
            analyzer: FlowAnalyzer {
                detectors: Detectors::new(&setup.intel),
                scratch: Scratch { brief: !setup.events.any(), ..Scratch::default() },
                events: setup.events,
                sensor: setup.correlate.sensor.clone(),
                order: (0, MessageCause::Packet),
                messages: WorkerMessages::default(),
                bypass: None,
            },
            last_packet: 0,
        }
    }

    /// Analyses its segments of a batch and appends its messages to `messages`.
    pub(super) fn batch(&mut self, batch: &SegmentBatch, messages: &mut WorkerMessages) {
        let mut rest = batch.dealt.get(self.share).map_or(&[][..], Vec::as_slice);
        for tick in &batch.ticks {
            let before = rest.partition_point(|&record| (record as usize) < tick.before);
            self.process(batch, rest.split_off(..before).unwrap_or_default());
            self.tick(tick.time, tick.packet);
        }
        self.process(batch, rest);
        self.last_packet = batch.packets.last_packet();
        messages.append(&mut self.analyzer.messages);
    }

    fn process(&mut self, batch: &SegmentBatch, own: &[u32]) {
        let records = own.iter().filter_map(|&record| batch.records.get(record as usize));
        self.flows.process(records, &batch.packets.bytes, &mut self.analyzer);
    }

    /// Advances packet time to `now` without a packet, as on a silent live interface.
    pub(super) fn advance(&mut self, now: Timestamp, messages: &mut WorkerMessages) {
        self.tick(now, self.last_packet);
        messages.append(&mut self.analyzer.messages);
    }

    /// Advances packet time to `now`, the time of `packet`: ends flows that are over.
    fn tick(&mut self, now: Timestamp, packet: u64) {
        self.analyzer.order = (packet, MessageCause::Time);
        self.flows.advance(Moment { time: now, packet }, &mut self.analyzer);
        if self.tells_time {
            let order = (packet, MessageCause::Time, u64::MAX);
            self.analyzer.messages.list.push(WorkerMessage {
                time: now,
                order,
                content: MessageContent::Tick,
            });
        }
    }

    /// Ends all flows, at the end of the input.
    pub(super) fn finish(&mut self, messages: &mut WorkerMessages) {
        self.analyzer.order = (self.last_packet, MessageCause::End);
        self.flows.finish(self.last_packet, &mut self.analyzer);
        messages.append(&mut self.analyzer.messages);
    }

    /// Replaces the intelligence, from the next batch on.
    pub(super) fn reload(&mut self, intel: &Arc<Intel>) {
        self.analyzer.detectors.reload(intel);
    }

    /// Live: the bypass that this worker informs about its flows. The source holds it while it
    /// reads.
    pub(super) fn bypass(&mut self) -> &mut Option<Box<Bypass>> {
        &mut self.analyzer.bypass
    }

    pub(super) fn protocol_stats(&self) -> &ProtocolStats {
        &self.analyzer.scratch.protocols
    }

    pub(super) fn flow_stats(&self) -> &FlowStats {
        self.flows.stats()
    }
}

/// Analyses the payload of flows: gives chunks to the parsers and events to the detectors.
struct FlowAnalyzer {
    detectors: Detectors,
    scratch: Scratch,
    events: EventKinds,
    sensor: Option<String>,
    /// Sort key of the next messages, without the flow.
    order: (u64, MessageCause),
    messages: WorkerMessages,
    /// Live: the bypass, which learns which flows are settled.
    bypass: Option<Box<Bypass>>,
}

impl FlowAnalyzer {
    fn event(&mut self, flow: &Flow, at: Moment, event: Event<'_>) {
        let mut sink = EventRecorder {
            detectors: &mut self.detectors,
            events: self.events,
            sensor: self.sensor.as_deref(),
            order: self.order,
            messages: &mut self.messages,
        };
        sink.event(flow, at, event);
    }

    /// Runs `work` with a context for `flow`.
    fn parse<R>(&mut self, flow: &Flow, at: Moment, work: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let mut sink = EventRecorder {
            detectors: &mut self.detectors,
            events: self.events,
            sensor: self.sensor.as_deref(),
            order: self.order,
            messages: &mut self.messages,
        };
        work(&mut Context { flow, at, scratch: &mut self.scratch, sink: &mut sink })
    }
}

impl FlowHandler for FlowAnalyzer {
    type State = Inspector;

    fn packet(&mut self, number: u64) {
        self.order = (number, MessageCause::Packet);
    }

    fn opened(&mut self, flow: &Flow, packet: u64) {
        self.event(flow, Moment { time: flow.first_seen, packet }, Event::FlowOpened);
    }

    fn begin(&mut self, flow: &Flow) -> Option<Inspector> {
        Inspector::new(flow)
    }

    fn chunk(&mut self, flow: &Flow, inspector: &mut Inspector, chunk: &Chunk<'_>) -> Interest {
        let at = Moment { time: chunk.time, packet: chunk.packet };
        self.parse(flow, at, |context| inspector.chunk(context, chunk))
    }

    fn held(&self, inspector: &Inspector) -> usize {
        inspector.held()
    }

    #[inline]
    fn settled(&mut self, flow: &Flow) {
        // Bypassing a tunnel would hide the flows inside it. Whether a packet is tunnelled shows
        // only in its content, so flows with a tunnel's port are never bypassed.
        let tunnel = || flow.transport() == Transport::Udp && has_tunnel_port(flow.key.ports());
        if let Some(bypass) = &mut self.bypass
            && !tunnel()
        {
            bypass.settled(&flow.key, flow.last_seen);
        }
    }

    fn unsettled(&mut self, flow: &Flow) {
        if let Some(bypass) = &mut self.bypass {
            bypass.ended(&flow.key);
        }
    }

    #[inline]
    fn awaits_end(&self, flow: &Flow) -> bool {
        self.events.any() || self.bypass.is_some() || self.detectors.awaits_end(flow)
    }

    fn closed(
        &mut self,
        flow: &Flow,
        inspector: Option<&mut Inspector>,
        end: FlowEndReason,
        at: Moment,
    ) {
        if let Some(bypass) = &mut self.bypass {
            bypass.ended(&flow.key);
        }
        if let Some(inspector) = inspector {
            self.parse(flow, at, |context| inspector.close(context));
        }
        self.event(flow, at, Event::FlowClosed(end));
    }
}

/// Gives events to the detectors, and records those that `--events` selects.
struct EventRecorder<'a> {
    detectors: &'a mut Detectors,
    events: EventKinds,
    sensor: Option<&'a str>,
    order: (u64, MessageCause),
    messages: &'a mut WorkerMessages,
}

impl EventSink for EventRecorder<'_> {
    fn event(&mut self, flow: &Flow, at: Moment, event: Event<'_>) {
        let order = (self.order.0, self.order.1, flow.id);
        if self.events.any()
            && let Some(record) = event_record(flow, at, &event, self.events, self.sensor)
        {
            let content = MessageContent::Event(Arc::new(record));
            self.messages.list.push(WorkerMessage { time: at.time, order, content });
        }
        let mut receiver = MessageReceiver { order, messages: self.messages };
        self.detectors.event(flow, event, &mut SignalSink::new(flow, at, &mut receiver));
    }
}

/// Turns signals and connections into messages.
struct MessageReceiver<'a> {
    order: Order,
    messages: &'a mut WorkerMessages,
}

impl SignalReceiver for MessageReceiver<'_> {
    fn signal(&mut self, flow: &Flow, at: Moment, sender: Direction, kind: SignalKind) {
        let content = MessageContent::Signal(Signal { at, flow: flow.into(), sender, kind });
        self.messages.list.push(WorkerMessage { time: at.time, order: self.order, content });
    }

    fn connection(&mut self, flow: &Flow, at: Moment, sender: Direction) {
        let connection = Connection { time: at.time, flow: flow.into(), sender };
        self.messages.connections.push(connection);
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use minewatch_generator::link::{Link, Macs};
    use minewatch_generator::packet::udp;

    use super::*;
    use crate::model::flow::FlowKey;
    use crate::model::packet::LinkType;

    #[test]
    fn the_bypass_learns_of_settled_flows_that_are_no_tunnels_and_forgets_those_that_are_tapped() {
        let now = Timestamp::from_parts(1_700_000_000, 0);
        for (port, shed) in [(443, true), (2152, false), (1701, false)] {
            let ends = [("10.0.0.7", port), ("198.51.100.9", port)];
            let [client, server] =
                ends.map(|(ip, port)| SocketAddr::new(ip.parse().unwrap(), port));
            let (key, initiator) = FlowKey::new(client.into(), server.into(), Transport::Udp, 0);
            let mut bypass = Box::new(Bypass::new(false));
            bypass.activate(now);
            let mut analyzer = FlowAnalyzer {
                detectors: Detectors::new(&Arc::new(Intel::builtin())),
                scratch: Scratch::default(),
                events: EventKinds::default(),
                sensor: None,
                order: (0, MessageCause::Packet),
                messages: WorkerMessages::default(),
                bypass: Some(bypass),
            };
            analyzer.settled(&Flow::new(key, initiator, 1, now));
            let macs = Macs { src: [2; 6], dst: [4; 6] };
            let frame = Link::Ethernet.frame(macs, &udp(client, server, b"payload"));
            let bypass = analyzer.bypass.as_mut().unwrap();
            assert_eq!(bypass.bypasses(now, LinkType::ETHERNET, 60, &frame), shed, "{port}");
            analyzer.unsettled(&Flow::new(key, initiator, 1, now));
            let bypass = analyzer.bypass.as_mut().unwrap();
            assert!(!bypass.bypasses(now, LinkType::ETHERNET, 60, &frame), "{port} is tapped");
        }
    }
}
