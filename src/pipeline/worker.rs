//! One worker: from segments to findings, for the flows that are its own.

use std::sync::Arc;

use crate::decode::has_tunnel_port;
use crate::detect::Detector;
use crate::flow::{FlowStats, FlowTable, Visitor};
use crate::model::chunk::{Chunk, Interest};
use crate::model::event::{Event, EventSink, Moment};
use crate::model::finding::Finding;
use crate::model::flow::{Flow, FlowEnd, Transport};
use crate::model::segment::SegmentBatch;
use crate::model::{Gate, Timestamp};
use crate::output::eve_events::EventKinds;
use crate::protocol::inspector::Inspector;
use crate::protocol::parser::{Context, Scratch};

use super::Setup;

/// What a worker has to say, in an order that does not depend on how flows are spread over workers.
#[derive(Debug)]
pub struct Message {
    time: Timestamp,
    order: Order,
    pub content: Content,
}

#[derive(Debug)]
pub enum Content {
    Finding(Finding),
    /// A line of `--events`.
    Record(String),
    /// Packet time has come so far: incidents may be over.
    Tick,
}

/// Packet, then what the time up to it caused before what the packet itself caused, then flow.
/// Messages of one flow keep their order by stable sorting.
type Order = (u64, Cause, u64);

/// Why something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The packet shows that time has passed.
    Time,
    Packet,
    /// The input has ended after it.
    End,
}

impl Message {
    /// The place in one replayed input.
    pub fn order(&self) -> Order {
        self.order
    }

    /// The place among messages of live workers, who number their packets each by themselves.
    pub fn time_order(&self) -> (Timestamp, Order) {
        (self.time, self.order)
    }

    pub fn time(&self) -> Timestamp {
        self.time
    }
}

/// Flow table, parsers and detector of one thread, for the flows that are its own.
pub struct Worker {
    index: usize,
    flows: FlowTable<Inspector>,
    lens: Lens,
    last_packet: u64,
}

impl Worker {
    /// The worker that owns the segments with this index.
    pub fn new(setup: &Setup, index: usize) -> Self {
        Worker::with(setup, index, Detector::new(Arc::clone(&setup.intel)))
    }

    /// The only worker.
    pub fn alone(setup: &Setup) -> Self {
        let detector = Detector::alone(Arc::clone(&setup.intel), setup.correlate.max_names);
        Worker::with(setup, 0, detector)
    }

    fn with(setup: &Setup, index: usize, detector: Detector) -> Self {
        Worker {
            index,
            flows: FlowTable::new(setup.flow.clone()),
            lens: Lens {
                detector,
                scratch: Scratch { brief: !setup.events.any(), ..Scratch::default() },
                events: setup.events,
                sensor: setup.sensor.clone(),
                order: (0, Cause::Packet),
                messages: Vec::new(),
                gate: None,
            },
            last_packet: 0,
        }
    }

    /// Analyses its segments of a batch and appends what it said to `messages`.
    pub fn batch(&mut self, batch: &SegmentBatch, messages: &mut Vec<Message>) {
        let mut rest = batch.dealt.get(self.index).map_or(&[][..], Vec::as_slice);
        for tick in &batch.ticks {
            let before = rest.partition_point(|&record| (record as usize) < tick.before);
            self.process(batch, rest.split_off(..before).unwrap_or_default());
            self.tick(tick.time, tick.packet);
        }
        self.process(batch, rest);
        self.last_packet = batch.packets.last_packet();
        messages.append(&mut self.lens.messages);
    }

    fn process(&mut self, batch: &SegmentBatch, own: &[u32]) {
        let records = own.iter().filter_map(|&record| batch.records.get(record as usize));
        self.flows.process(records, &batch.packets.bytes, &mut self.lens);
    }

    /// Lets packet time reach `now` where no packet does: a live interface that is silent.
    pub fn advance(&mut self, now: Timestamp, messages: &mut Vec<Message>) {
        self.tick(now, self.last_packet);
        messages.append(&mut self.lens.messages);
    }

    /// Packet time has come to `now`, as `packet` shows: ends what is over.
    fn tick(&mut self, now: Timestamp, packet: u64) {
        self.lens.order = (packet, Cause::Time);
        self.flows.advance(Moment { time: now, packet }, &mut self.lens);
        // All workers of a replay are told: one of them is enough to pass it on.
        if self.index == 0 {
            let order = (packet, Cause::Time, u64::MAX);
            self.lens.messages.push(Message { time: now, order, content: Content::Tick });
        }
    }

    /// The input has ended: ends all flows.
    pub fn finish(&mut self, messages: &mut Vec<Message>) {
        self.lens.order = (self.last_packet, Cause::End);
        self.flows.finish(self.last_packet, &mut self.lens);
        messages.append(&mut self.lens.messages);
    }

    /// Live: the gate that this worker tells of its flows. A batch borrows it while it is filled.
    pub fn gate(&mut self) -> &mut Option<Box<Gate>> {
        &mut self.lens.gate
    }

    pub fn flow_stats(&self) -> &FlowStats {
        self.flows.stats()
    }
}

/// Looks at the payload of flows: gives chunks to the parsers and events to the detector.
struct Lens {
    detector: Detector,
    scratch: Scratch,
    events: EventKinds,
    sensor: Option<String>,
    /// Of the messages that come next, but for the flow.
    order: (u64, Cause),
    messages: Vec<Message>,
    /// Live: is told which flows are settled.
    gate: Option<Box<Gate>>,
}

impl Lens {
    fn event(&mut self, flow: &Flow, at: Moment, event: Event<'_>) {
        let mut sink = Sink {
            detector: &mut self.detector,
            events: self.events,
            sensor: self.sensor.as_deref(),
            order: self.order,
            messages: &mut self.messages,
        };
        sink.event(flow, at, event);
    }

    /// Runs `work` with a context for `flow`.
    fn parse<R>(&mut self, flow: &Flow, at: Moment, work: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let mut sink = Sink {
            detector: &mut self.detector,
            events: self.events,
            sensor: self.sensor.as_deref(),
            order: self.order,
            messages: &mut self.messages,
        };
        work(&mut Context { flow, at, scratch: &mut self.scratch, sink: &mut sink })
    }
}

impl Visitor for Lens {
    type State = Inspector;

    fn packet(&mut self, number: u64) {
        self.order = (number, Cause::Packet);
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
        // A tunnel keeps its ends, and whether a packet is one only its content tells.
        let tunnel = || flow.transport() == Transport::Udp && has_tunnel_port(flow.key.ports());
        if let Some(gate) = &mut self.gate
            && !tunnel()
        {
            gate.settled(&flow.key, flow.last_seen);
        }
    }

    fn unsettled(&mut self, flow: &Flow) {
        if let Some(gate) = &mut self.gate {
            gate.ended(&flow.key);
        }
    }

    #[inline]
    fn awaits_end(&self, flow: &Flow) -> bool {
        self.events.any() || self.gate.is_some() || self.detector.awaits_end(flow)
    }

    fn closed(&mut self, flow: &Flow, inspector: Option<&mut Inspector>, end: FlowEnd, at: Moment) {
        if let Some(gate) = &mut self.gate {
            gate.ended(&flow.key);
        }
        if let Some(inspector) = inspector {
            self.parse(flow, at, |context| inspector.close(context));
        }
        self.event(flow, at, Event::FlowClosed(end));
    }
}

/// Where events go: to the detector, and to the record of events if one is kept.
struct Sink<'a> {
    detector: &'a mut Detector,
    events: EventKinds,
    sensor: Option<&'a str>,
    order: (u64, Cause),
    messages: &'a mut Vec<Message>,
}

impl EventSink for Sink<'_> {
    fn event(&mut self, flow: &Flow, at: Moment, event: Event<'_>) {
        let order = (self.order.0, self.order.1, flow.id);
        if self.events.any()
            && let Some(line) =
                crate::output::eve_events::record(flow, at, &event, self.events, self.sensor)
        {
            self.messages.push(Message { time: at.time, order, content: Content::Record(line) });
        }
        self.detector.event(flow, at, event, &mut |finding| {
            let content = Content::Finding(finding);
            self.messages.push(Message { time: at.time, order, content });
        });
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use minewatch_generator::link::{Link, Macs};
    use minewatch_generator::packet::udp;

    use super::*;
    use crate::intel::Intel;
    use crate::model::flow::FlowKey;
    use crate::model::packet::LinkType;

    #[test]
    fn the_gate_learns_of_settled_flows_that_are_no_tunnels_and_forgets_those_that_are_tapped() {
        let now = Timestamp::from_parts(1_700_000_000, 0);
        for (port, shed) in [(443, true), (2152, false), (1701, false)] {
            let ends = [("10.0.0.7", port), ("198.51.100.9", port)];
            let [client, server] =
                ends.map(|(ip, port)| SocketAddr::new(ip.parse().unwrap(), port));
            let (key, initiator) = FlowKey::new(client.into(), server.into(), Transport::Udp, 0);
            let mut gate = Box::new(Gate::new(false));
            gate.shut(now);
            let mut lens = Lens {
                detector: Detector::new(Arc::new(Intel::builtin())),
                scratch: Scratch::default(),
                events: EventKinds::default(),
                sensor: None,
                order: (0, Cause::Packet),
                messages: Vec::new(),
                gate: Some(gate),
            };
            lens.settled(&Flow::new(key, initiator, 1, now));
            let macs = Macs { src: [2; 6], dst: [4; 6] };
            let frame = Link::Ethernet.frame(macs, &udp(client, server, b"payload"));
            let gate = lens.gate.as_mut().unwrap();
            assert_eq!(gate.sheds(now, LinkType::ETHERNET, 60, &frame), shed, "{port}");
            lens.unsettled(&Flow::new(key, initiator, 1, now));
            let gate = lens.gate.as_mut().unwrap();
            assert!(!gate.sheds(now, LinkType::ETHERNET, 60, &frame), "{port} is tapped");
        }
    }
}
