//! What each stage adds: the same traffic read, then decoded, then put into flows, then parsed, then all of it.
//!
//! Each figure holds those before it, so that a stage costs the difference. Times are per packet.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use minewatch::capture::{FillOutcome, Progress, ReplayOptions, open_replay};
use minewatch::correlate::{self, HomeNet};
use minewatch::decode::{DecodeOptions, Decoder};
use minewatch::flow::{FlowHandler, FlowLimits, FlowTable};
use minewatch::intel::Intel;
use minewatch::model::PacketBatch;
use minewatch::model::Timestamp;
use minewatch::model::chunk::{Chunk, Interest};
use minewatch::model::event::{Event, EventSink, Moment};
use minewatch::model::flow::{Flow, FlowEndReason};
use minewatch::model::record::{EventKinds, Outgoing};
use minewatch::model::segment::SegmentRecord;
use minewatch::output::RecordConsumer;
use minewatch::pipeline::{self, Control, Observer, Setup, Snapshot};
use minewatch::protocol::inspector::Inspector;
use minewatch::protocol::parser::{Context, Scratch};
use minewatch_generator::load;

/// Wants no payload: all that is left is signal and counting flows.
struct Nothing;

impl FlowHandler for Nothing {
    type State = ();

    fn opened(&mut self, _: &Flow, _: u64) {}
    fn begin(&mut self, _: &Flow) -> Option<()> {
        None
    }
    fn chunk(&mut self, _: &Flow, (): &mut (), _: &Chunk<'_>) -> Interest {
        Interest::Settled
    }
    fn closed(&mut self, _: &Flow, _: Option<&mut ()>, _: FlowEndReason, _: Moment) {}
}

/// Parses payload and drops the events.
#[derive(Default)]
struct Parse(Scratch);

struct Nobody;

impl EventSink for Nobody {
    fn event(&mut self, _: &Flow, _: Moment, event: Event<'_>) {
        black_box(event);
    }
}

impl Parse {
    fn context<'a>(&'a mut self, flow: &'a Flow, at: Moment, sink: &'a mut Nobody) -> Context<'a> {
        Context { flow, at, scratch: &mut self.0, sink }
    }
}

impl FlowHandler for Parse {
    type State = Inspector;

    fn opened(&mut self, _: &Flow, _: u64) {}
    fn begin(&mut self, flow: &Flow) -> Option<Inspector> {
        Inspector::new(flow)
    }
    fn chunk(&mut self, flow: &Flow, inspector: &mut Inspector, chunk: &Chunk<'_>) -> Interest {
        let at = Moment { time: chunk.time, packet: chunk.packet };
        inspector.chunk(&mut self.context(flow, at, &mut Nobody), chunk)
    }
    fn closed(
        &mut self,
        flow: &Flow,
        inspector: Option<&mut Inspector>,
        _: FlowEndReason,
        at: Moment,
    ) {
        if let Some(inspector) = inspector {
            inspector.close(&mut self.context(flow, at, &mut Nobody));
        }
    }
}

struct Null;

impl RecordConsumer for Null {
    fn consume(&mut self, record: &Outgoing, _: Option<Timestamp>) -> std::io::Result<()> {
        black_box(record);
        Ok(())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Unseen;

impl Observer for Unseen {
    fn progress(&mut self, _: Option<Progress>) {}
    fn snapshot(&mut self, _: &Snapshot) {}
}

fn setup() -> Setup {
    Setup {
        intel: Arc::new(Intel::builtin()),
        decode: DecodeOptions::default(),
        flow: FlowLimits::default(),
        correlate: correlate::CorrelatorOptions {
            sensor: None,
            home_net: HomeNet::new(Vec::new()),
            incident_idle: Duration::from_secs(3600),
            update_interval: Duration::from_secs(600),
            probe_pools: 5,
            max_incidents: 1000,
            max_names: 100_000,
        },
        events: EventKinds::default(),
        health: minewatch::config::HealthSettings::default(),
    }
}

/// Calls `with` for each batch of the captures: how many packets there were.
fn read(paths: &[PathBuf], mut with: impl FnMut(&PacketBatch)) -> u64 {
    let mut source = open_replay(paths, &ReplayOptions::default()).expect("captures");
    let (mut batch, mut packets) = (PacketBatch::default(), 0);
    loop {
        batch.clear();
        batch.first_packet = packets + 1;
        let filled = source.fill(&mut batch).expect("readable");
        packets += batch.records.len() as u64;
        with(&batch);
        if filled == FillOutcome::End {
            return packets;
        }
    }
}

/// Decodes a batch into `records`; payload lies in the batch but for what came in fragments.
fn decode(decoder: &mut Decoder, batch: &PacketBatch, records: &mut Vec<SegmentRecord>) {
    records.clear();
    let base = batch.bytes.as_ptr().addr();
    for packet in batch.packets() {
        let mut record = SegmentRecord::BLANK;
        if let Some(payload) = decoder.decode(&packet, &mut record.head) {
            let bytes = payload.bytes(decoder);
            record.offset = bytes.as_ptr().addr().wrapping_sub(base) as u32;
            record.length = bytes.len() as u32;
            records.push(record);
        }
    }
}

/// Runs the captures through `handler`.
fn flows<V: FlowHandler>(paths: &[PathBuf], mut handler: V) -> u64 {
    let mut decoder = Decoder::new(DecodeOptions::default());
    let mut table = FlowTable::new(FlowLimits::default());
    let mut records = Vec::new();
    let packets = read(paths, |batch| {
        decode(&mut decoder, batch, &mut records);
        table.process(records.iter(), &batch.bytes, &mut handler);
    });
    table.finish(packets, &mut handler);
    packets
}

fn stages(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let generated = |name: &str, write: &dyn Fn(&mut dyn std::io::Write) -> std::io::Result<()>| {
        let path = folder.path().join(name);
        let mut bytes = Vec::new();
        write(&mut bytes).expect("memory");
        std::fs::write(&path, bytes).expect("a temporary file");
        path
    };
    let web = generated("web.pcap", &|out| load::web(out, 10_000, 1));
    let bulk = generated("bulk.pcap", &|out| load::bulk(out, 100_000_000, 1));
    let mining = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps");
    let setup = setup();
    for (name, path) in [("web", web), ("bulk", bulk), ("mining", mining)] {
        let paths = [path];
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20).throughput(Throughput::Elements(read(&paths, |_| {})));
        let mut stage = |stage: &str, run: &dyn Fn() -> u64| {
            group.bench_function(BenchmarkId::from_parameter(stage), |b| b.iter(run));
        };
        stage("1 read", &|| read(&paths, |batch| _ = black_box(batch)));
        stage("2 decode", &|| {
            let (mut decoder, mut records) = (Decoder::new(DecodeOptions::default()), Vec::new());
            read(&paths, |batch| {
                decode(&mut decoder, batch, &mut records);
                black_box(&records);
            })
        });
        stage("3 flow", &|| flows(&paths, Nothing));
        stage("4 parse", &|| flows(&paths, Parse(Scratch { brief: true, ..Scratch::default() })));
        for threads in [1, 2] {
            stage(&format!("5 all, {threads} threads"), &|| {
                let source = open_replay(&paths, &ReplayOptions::default()).expect("captures");
                let report = pipeline::replay(
                    source,
                    &setup,
                    threads,
                    &mut Null,
                    Control::none(),
                    &mut Unseen,
                );
                report.expect("a replay").counters.decode.packets
            });
        }
        group.finish();
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);
