//! Taps: the handler sees the segments of a tapped flow as they arrive, settled or not.
//!
//! A tap is one bit of the flow's flags. A flow without a tap costs nothing: the bit is tested
//! together with others, and separately only outside the path of settled flows. The handler keeps
//! what it learns from the segments itself, under the flow's number.

use std::ops::ControlFlow;

use super::entry::FlowEntry;
use super::handler::FlowHandler;
use super::limits::FlowLimits;
use super::stats::FlowStats;
use super::table::FlowTable;
use crate::model::flow::FlowFlags;
use crate::model::{FlowKey, Segment};

impl<S> FlowTable<S> {
    /// Taps the flow with this key and number, and returns whether it is tapped now.
    ///
    /// Returns `false` if the flow is unknown or closed, or if [`FlowLimits::MAX_TAPPED`] others
    /// are tapped.
    pub fn tap<V: FlowHandler<State = S>>(
        &mut self,
        key: &FlowKey,
        id: u64,
        handler: &mut V,
    ) -> bool {
        let hash = self.index.hash(key);
        let Some(slot) = self.index.find(hash, |slot| self.holds(slot, key)) else { return false };
        let Some(entry) = self.entries.get_mut(slot as usize) else { return false };
        let is_under_way = entry.flow.id == id && !entry.flow.flags.has(FlowFlags::CLOSED);
        is_under_way && entry.tap(&mut self.stats, handler)
    }
}

impl<S> FlowEntry<S> {
    /// Taps the flow if fewer than [`FlowLimits::MAX_TAPPED`] are, and returns whether it is tapped
    /// now.
    #[cold]
    pub(super) fn tap<V: FlowHandler<State = S>>(
        &mut self,
        stats: &mut FlowStats,
        handler: &mut V,
    ) -> bool {
        if self.flow.flags.has(FlowFlags::TAPPED) {
            return true;
        }
        if stats.tapped >= FlowLimits::MAX_TAPPED {
            stats.taps_refused += 1;
            return false;
        }
        stats.tapped += 1;
        self.flow.flags.set(FlowFlags::TAPPED);
        handler.unsettled(&self.flow);
        true
    }

    /// Shows a segment of a tapped flow to the handler, unless the segment has no payload.
    #[cold]
    pub(super) fn show<V: FlowHandler<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        stats: &mut FlowStats,
        handler: &mut V,
    ) {
        let is_empty = segment.payload.is_empty() && segment.missing == 0;
        if !is_empty
            && handler.tapped(&self.flow, self.direction(segment), segment)
                == ControlFlow::Break(())
        {
            self.untap(stats);
        }
    }

    /// Ends the tap of a tapped flow.
    #[cold]
    pub(super) fn untap(&mut self, stats: &mut FlowStats) {
        self.flow.flags.clear(FlowFlags::TAPPED);
        stats.tapped -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chunk::{Chunk, Direction, Interest};
    use crate::model::event::Moment;
    use crate::model::flow::{Flow, FlowEndReason, FlowEnds, Transport};
    use crate::model::segment::{SegmentHead, SegmentRecord, TcpFlags, TcpHeader, TransportHeader};
    use crate::model::{Endpoint, Timestamp};

    const ACK: u8 = TcpFlags::ACK;
    const PORT: u16 = 5000;

    /// A handler whose interest depends on the payload, and that taps flows if `taps` is set.
    #[derive(Default)]
    struct Toy {
        taps: bool,
        /// Segments after which it ends the tap; 0 is never.
        patience: usize,
        seen: Vec<String>,
        counted: usize,
        unsettled: usize,
    }

    impl FlowHandler for Toy {
        type State = ();

        fn opened(&mut self, _: &Flow, _: u64) {}

        fn begin(&mut self, _: &Flow) -> Option<()> {
            Some(())
        }

        fn chunk(&mut self, flow: &Flow, (): &mut (), chunk: &Chunk<'_>) -> Interest {
            match (flow.transport(), chunk.bytes) {
                (_, b"more") => Interest::More,
                (Transport::Udp, b"anew") => Interest::Stateless,
                _ => Interest::Settled,
            }
        }

        fn settled(&mut self, _: &Flow) {
            self.counted += 1;
        }

        fn taps(&mut self, _: &Flow) -> bool {
            self.taps
        }

        fn unsettled(&mut self, _: &Flow) {
            self.unsettled += 1;
        }

        fn tapped(&mut self, _: &Flow, way: Direction, segment: &Segment<'_>) -> ControlFlow<()> {
            let way = if way == Direction::ToServer { '>' } else { '<' };
            let seq = match segment.header {
                TransportHeader::Tcp(header) => header.seq,
                _ => 0,
            };
            let text = String::from_utf8_lossy(segment.payload);
            self.seen.push(format!("{} {way} {seq} {text}+{}", segment.packet, segment.missing));
            let is_enough = self.seen.len() == self.patience;
            if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }

        fn awaits_end(&self, _: &Flow) -> bool {
            false
        }

        fn closed(&mut self, _: &Flow, _: Option<&mut ()>, end: FlowEndReason, _: Moment) {
            self.seen.push(format!("{end:?}"));
        }
    }

    /// A flow table, its handler, and the packets so far.
    struct Bench {
        table: FlowTable<()>,
        toy: Toy,
        packets: u64,
    }

    impl Bench {
        fn new(taps: bool) -> Self {
            let toy = Toy { taps, ..Toy::default() };
            Bench { table: FlowTable::new(FlowLimits::default()), toy, packets: 0 }
        }

        fn key(transport: Transport, port: u16, back: bool) -> (FlowKey, crate::model::KeySide) {
            let client = Endpoint { ip: "10.0.0.7".parse().unwrap(), port };
            let server = Endpoint { ip: "198.51.100.9".parse().unwrap(), port: 443 };
            let (src, dst) = if back { (server, client) } else { (client, server) };
            FlowKey::new(src, dst, transport, 0)
        }

        fn packet(&mut self, header: TransportHeader, port: u16, back: bool, cut: u32, text: &str) {
            self.packets += 1;
            let transport = match header {
                TransportHeader::Tcp(_) => Transport::Tcp,
                _ => Transport::Udp,
            };
            let (key, from) = Bench::key(transport, port, back);
            let head = SegmentHead {
                key,
                from,
                header,
                packet: self.packets,
                time: Timestamp::from_parts(1_700_000_000, 0),
                missing: cut,
                ..SegmentHead::BLANK
            };
            let record = SegmentRecord { head, offset: 0, length: text.len() as u32 };
            self.table.process([record].iter(), text.as_bytes(), &mut self.toy);
        }

        fn tcp(&mut self, back: bool, flags: u8, seq: u32, text: &str) {
            self.tcp_of(PORT, back, flags, seq, text);
        }

        fn tcp_of(&mut self, port: u16, back: bool, flags: u8, seq: u32, text: &str) {
            let header = TcpHeader { seq, ack: 0, flags: TcpFlags(flags) };
            self.packet(TransportHeader::Tcp(header), port, back, 0, text);
        }

        fn udp(&mut self, back: bool, text: &str) {
            self.packet(TransportHeader::Udp, PORT, back, 0, text);
        }

        /// Asks for a tap of the flow that began with packet `id`.
        fn tap(&mut self, id: u64) -> bool {
            let (key, _) = Bench::key(Transport::Tcp, PORT, false);
            self.table.tap(&key, id, &mut self.toy)
        }
    }

    #[test]
    fn a_tapped_flow_is_shown_as_its_segments_come_and_an_untapped_one_never() {
        for taps in [true, false] {
            let mut bench = Bench::new(taps);
            bench.tcp(false, ACK, 100, "settles");
            bench.tcp(true, ACK, 500, "answer");
            bench.tcp(false, ACK, 120, "early");
            bench.tcp(false, ACK, 107, "late");
            bench.tcp(false, ACK, 120, "early"); // again
            bench.tcp(true, ACK, 506, ""); // only acknowledges
            let header = TcpHeader { seq: 506, ack: 0, flags: TcpFlags(ACK) };
            bench.packet(TransportHeader::Tcp(header), PORT, true, 9, "cut");
            let shown = [
                "2 < 500 answer+0",
                "3 > 120 early+0",
                "4 > 107 late+0",
                "5 > 120 early+0",
                "7 < 506 cut+9",
            ];
            let expected = if taps { &shown[..] } else { &[] };
            assert_eq!(bench.toy.seen, expected);
            assert_eq!(bench.toy.counted, if taps { 0 } else { 6 }, "what may be left out");
            assert_eq!(bench.toy.unsettled, usize::from(taps));
            assert_eq!(bench.table.stats().tapped, u64::from(taps));
        }
    }

    #[test]
    fn datagrams_of_which_each_is_wanted_anew_are_shown_too_and_so_are_those_after_the_last() {
        let mut bench = Bench::new(true);
        for (back, text) in [(false, "anew"), (true, "anew"), (false, "last"), (true, "more")] {
            bench.udp(back, text);
        }
        assert_eq!(bench.toy.seen, ["2 < 0 anew+0", "3 > 0 last+0", "4 < 0 more+0"]);
        assert_eq!(bench.toy.counted, 0);
    }

    #[test]
    fn a_flow_can_be_tapped_later_by_its_number() {
        let mut bench = Bench::new(false);
        bench.tcp(false, ACK, 100, "settles");
        bench.tcp(false, ACK, 107, "not shown");
        assert!(!bench.tap(2), "that is no flow");
        assert!(bench.tap(1) && bench.tap(1));
        assert_eq!((bench.toy.unsettled, bench.table.stats().tapped), (1, 1));
        bench.tcp(false, ACK, 116, "shown");
        assert_eq!(bench.toy.seen, ["3 > 116 shown+0"]);
    }

    #[test]
    fn a_flow_whose_bytes_are_still_wanted_can_be_tapped() {
        let mut bench = Bench::new(false);
        bench.tcp(false, ACK, 100, "more");
        assert!(bench.tap(1));
        bench.tcp(false, ACK, 110, "early");
        bench.tcp(false, ACK, 104, "more");
        assert_eq!(bench.toy.seen, ["2 > 110 early+0", "3 > 104 more+0"]);
    }

    #[test]
    fn a_tap_ends_when_the_handler_says_so() {
        let mut bench = Bench::new(true);
        bench.toy.patience = 1;
        for (seq, text) in [(100, "settles"), (107, "shown"), (112, "counted")] {
            bench.tcp(false, ACK, seq, text);
        }
        assert_eq!(bench.toy.seen, ["2 > 107 shown+0"]);
        assert_eq!((bench.toy.counted, bench.table.stats().tapped), (1, 0));
    }

    #[test]
    fn a_tap_ends_with_its_flow_and_the_handler_is_told() {
        type End = fn(&mut Bench);
        let ends: [(&str, End); 4] = [
            ("Closed", |bench| bench.tcp(false, TcpFlags::RST, 107, "")),
            ("Reused", |bench| bench.tcp(false, TcpFlags::SYN, 9000, "")),
            ("Timeout", |bench| {
                let later = Timestamp::from_parts(1_700_009_000, 0);
                bench.table.advance(Moment { time: later, packet: 1 }, &mut bench.toy);
            }),
            ("Input", |bench| bench.table.finish(1, &mut bench.toy)),
        ];
        for (end, cause) in ends {
            let mut bench = Bench::new(true);
            bench.tcp(false, ACK, 100, "settles");
            cause(&mut bench);
            assert_eq!(bench.toy.seen, [end]);
            assert_eq!(bench.table.stats().tapped, 0, "{end}");
        }
        let mut bench = Bench::new(true);
        bench.tcp(false, ACK, 100, "settles");
        bench.tcp(true, TcpFlags::RST, 500, "last words");
        bench.tcp(false, ACK, 107, "too late");
        assert_eq!(bench.toy.seen, ["2 < 500 last words+0", "Closed"]);
        assert!(!bench.tap(1));
    }

    #[test]
    fn no_more_flows_are_tapped_than_there_is_room_for() {
        let mut bench = Bench::new(true);
        let room = FlowLimits::MAX_TAPPED as u16;
        for port in 0..room + 3 {
            bench.tcp_of(10_000 + port, false, ACK, 100, "settles");
        }
        let stats = bench.table.stats();
        assert_eq!((stats.tapped, stats.taps_refused), (FlowLimits::MAX_TAPPED, 3));
        bench.tcp_of(10_000 + room, false, ACK, 107, "refused");
        assert!(bench.toy.seen.is_empty());
        bench.tcp_of(10_000, false, TcpFlags::RST, 107, "");
        bench.tcp(false, ACK, 100, "settles");
        bench.tcp(false, ACK, 107, "shown");
        assert_eq!(bench.toy.seen.len(), 2);
        assert_eq!(bench.table.stats().tapped, FlowLimits::MAX_TAPPED);
    }
}
