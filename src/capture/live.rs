//! Captures from interfaces: one source per worker, with one socket for each interface.
//!
//! The sockets of one interface form a fanout group, so that a worker sees whole flows and no
//! packet goes to two workers. libpcap's default ring (TPACKET_V3) delivers blocks of packets. Its
//! timeout never fires on a silent interface, so the handles are non-blocking and polled.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::packet::LinkType;
use crate::model::{PacketBatch, Timestamp};

use super::bypass::Bypass;
use super::clock::wall_clock;
use super::fanout;
use super::filter::PacketFilter;
use super::interfaces::{fault, interfaces};
use super::linktype;
use super::problem::{CaptureError, ProblemReason};
use super::stats::CaptureStats;
use super::{FillOutcome, Progress, Source};

/// Time a source waits for packets before it reports that it is idle.
///
/// Alerts of other workers wait for this, since an earlier packet may still arrive here.
const POLL_TIME: Duration = Duration::from_millis(10);
/// Milliseconds after which the kernel hands over a block that is not full.
///
/// On a quiet interface an alert waits this long. The timer of each socket then fires 250 times a
/// second, which costs nothing.
const BLOCK_TIMEOUT_MS: i32 = 4;
/// Time between two checks, which reopen lost interfaces and look at the state of the others.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Packet bytes after which a batch is handed on.
const BATCH_BYTES: usize = 1 << 20;
/// Packets read after which a batch is handed on, including those that the bypass left out.
///
/// Packets of the smallest size (64 bytes) fill a batch with this number.
const BATCH_PACKETS: usize = 1 << 14;
/// Packets read from one socket before the turn of the next.
///
/// Offloading produces packets of up to 64 KiB: with these, each socket adds at most 16 MiB to a
/// batch that is not yet full, so a batch of one interface stays under 17 MiB.
const PACKETS_PER_TURN: usize = 256;

/// Options of a live capture.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// Number of sources to open, one for each worker thread; at least 1.
    pub workers: usize,
    /// Whether to ask for packets to other machines, which a mirror port delivers.
    pub promiscuous: bool,
    /// Bytes kept of each packet; clamped to 64 to 262,144.
    pub snaplen: u32,
    /// Ring buffer of one socket in bytes; there are `workers` × interfaces sockets.
    pub buffer_bytes: u32,
    /// A filter in tcpdump's language, applied by the kernel.
    pub filter: Option<String>,
    /// When set, every source ends within about 10 ms.
    pub stop: Arc<AtomicBool>,
}

impl Default for LiveOptions {
    fn default() -> Self {
        LiveOptions {
            workers: 1,
            promiscuous: true,
            // Offloading merges segments up to 64 KiB.
            snaplen: 262_144,
            buffer_bytes: 64 << 20,
            filter: None,
            stop: Arc::default(),
        }
    }
}

/// Opens every interface once for each worker.
///
/// Fails if an interface cannot be opened now. The sources wait for one that is lost later.
pub fn open_live(
    interfaces: &[String],
    options: &LiveOptions,
) -> Result<Vec<Box<dyn Source>>, CaptureError> {
    if interfaces.is_empty() {
        return Err(CaptureError::NoInterface);
    }
    if let Some(filter) = &options.filter {
        PacketFilter::new(filter)?;
    }
    let options = LiveOptions { workers: options.workers.max(1), ..options.clone() };
    let mut sources: Vec<LiveSource> = (0..options.workers)
        .map(|worker| LiveSource {
            ports: Vec::new(),
            first_worker: worker == 0,
            options: options.clone(),
            bypass: None,
            stats: CaptureStats::default(),
            next_check: Instant::now() + CHECK_INTERVAL,
        })
        .collect();
    for name in interfaces {
        let group = Arc::new(FanoutGroup::default());
        for source in &mut sources {
            let (name, group) = (name.clone(), group.clone());
            let mut port = InterfacePort { name, group, socket: None };
            port.open(&options, &mut source.stats).map_err(|error| port.error(error, &options))?;
            source.ports.push(port);
        }
    }
    // Until the last socket joined, the others also received its share of the packets.
    let joined = wall_clock();
    for port in sources.iter_mut().flat_map(|source| &mut source.ports) {
        if let Some(socket) = &mut port.socket
            && options.workers > 1
        {
            socket.since = joined;
        }
    }
    Ok(sources.into_iter().map(|source| Box::new(source) as Box<dyn Source>).collect())
}

/// The fanout group of one interface, which all workers' sockets join.
#[derive(Default)]
struct FanoutGroup(Mutex<Option<u16>>);

impl FanoutGroup {
    fn join(&self, capture: &pcap::Capture<pcap::Active>) -> std::io::Result<()> {
        let mut number = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *number = Some(fanout::join(capture.as_fd(), *number)?);
        Ok(())
    }
}

/// One worker's access to one interface.
struct InterfacePort {
    name: String,
    group: Arc<FanoutGroup>,
    /// `None` while the interface is lost.
    socket: Option<CaptureSocket>,
}

struct CaptureSocket {
    capture: pcap::Capture<pcap::Active>,
    link: LinkType,
    /// Packets before this time are dropped: another worker received them too.
    since: Timestamp,
    /// The kernel's counters at the last reading; they wrap at 32 bits.
    last: pcap::Stat,
}

/// Why a socket could not be opened.
enum OpenError {
    Pcap(pcap::Error),
    LinkType(u32),
    Fanout(std::io::Error),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OpenError::Pcap(pcap::Error::PcapError(text)) => f.write_str(text),
            OpenError::Pcap(error) => error.fmt(f),
            OpenError::LinkType(link) => {
                write!(f, "its link type {} is not supported", linktype::describe(*link))
            }
            OpenError::Fanout(error) => write!(f, "joining the fanout group failed: {error}"),
        }
    }
}

impl InterfacePort {
    fn open(&mut self, options: &LiveOptions, stats: &mut CaptureStats) -> Result<(), OpenError> {
        // The pseudo-interface `any` has no promiscuous mode, and the crate turns libpcap's
        // warning about it into an error.
        let promiscuous = options.promiscuous && self.name != "any";
        let mut capture = match activate(&self.name, options, promiscuous) {
            Err(refused) if promiscuous => {
                // Some interfaces can be captured from, but not in promiscuous mode.
                let capture = activate(&self.name, options, false).map_err(OpenError::Pcap)?;
                let reason = ProblemReason::NotPromiscuous(OpenError::Pcap(refused).to_string());
                stats.report_once(&self.name, reason);
                capture
            }
            capture => capture.map_err(OpenError::Pcap)?,
        };
        let number = u32::try_from(capture.get_datalink().0).unwrap_or(u32::MAX);
        let link = linktype::supported(number).map_err(OpenError::LinkType)?;
        if let Some(filter) = &options.filter {
            capture.filter(filter, true).map_err(OpenError::Pcap)?;
        }
        let mut since = Timestamp::ZERO;
        if options.workers > 1 {
            self.group.join(&capture).map_err(OpenError::Fanout)?;
            since = wall_clock();
        }
        let last = pcap::Stat { received: 0, dropped: 0, if_dropped: 0 };
        self.socket = Some(CaptureSocket { capture, link, since, last });
        Ok(())
    }

    /// Converts the error to one with advice on what to do about the interface.
    fn error(&self, error: OpenError, options: &LiveOptions) -> CaptureError {
        if let OpenError::Fanout(source) = error {
            let (interface, workers) = (self.name.clone(), options.workers);
            return CaptureError::Fanout { interface, workers, source };
        }
        let names: Vec<String> =
            interfaces().unwrap_or_default().into_iter().map(|info| info.name).collect();
        let advice = if matches!(error, OpenError::LinkType(_)) {
            "capture on the Ethernet interface below it".to_owned()
        } else if !names.is_empty() && !names.contains(&self.name) {
            format!("there are: {}", names.join(", "))
        } else if let Some(fault) = fault(&self.name) {
            fault
        } else {
            "run as root, or `setcap cap_net_raw,cap_net_admin=eip` the program".to_owned()
        };
        CaptureError::Interface { interface: self.name.clone(), reason: error.to_string(), advice }
    }

    /// Copies the socket's packets into the batch, at most [`PACKETS_PER_TURN`].
    ///
    /// Returns the number of packets read, including those that were left out.
    fn drain(
        &mut self,
        batch: &mut PacketBatch,
        bypass: &mut Option<Box<Bypass>>,
    ) -> Result<usize, pcap::Error> {
        let Some(CaptureSocket { capture, link, since, .. }) = &mut self.socket else {
            return Ok(0);
        };
        let (link, since) = (*link, *since);
        capture.dispatch(Some(PACKETS_PER_TURN), |packet| {
            let header = packet.header;
            let time = Timestamp::from_parts(
                u64::try_from(header.ts.tv_sec).unwrap_or(0),
                // Nanoseconds, since `activate` asks for that precision.
                u64::try_from(header.ts.tv_usec).unwrap_or(0),
            );
            let bypassed =
                |bypass: &mut Box<Bypass>| bypass.bypasses(time, link, header.len, packet.data);
            if time >= since && !bypass.as_mut().is_some_and(bypassed) {
                batch.push(time, link, header.len, packet.data);
            }
        })
    }

    /// Adds the kernel's counts since the last reading.
    fn count(&mut self, first_worker: bool, stats: &mut CaptureStats) {
        let Some(socket) = &mut self.socket else { return };
        let Ok(read) = socket.capture.stats() else { return };
        let since = |now: u32, last: u32| u64::from(now.wrapping_sub(last));
        stats.kernel_received += since(read.received, socket.last.received);
        stats.kernel_drops += since(read.dropped, socket.last.dropped);
        // The interface's counter covers all sockets on it.
        if first_worker {
            stats.interface_drops += since(read.if_dropped, socket.last.if_dropped);
        }
        socket.last = read;
    }
}

fn activate(
    name: &str,
    options: &LiveOptions,
    promiscuous: bool,
) -> Result<pcap::Capture<pcap::Active>, pcap::Error> {
    let limit = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    pcap::Capture::from_device(name)?
        .promisc(promiscuous)
        .snaplen(limit(options.snaplen.clamp(64, 262_144)))
        .buffer_size(limit(options.buffer_bytes))
        .precision(pcap::Precision::Nano)
        .timeout(BLOCK_TIMEOUT_MS)
        .open()?
        .setnonblock()
}

/// One worker's source.
struct LiveSource {
    ports: Vec<InterfacePort>,
    /// Whether this source counts the drops of the interfaces, which all workers' sockets share.
    first_worker: bool,
    options: LiveOptions,
    /// Asked before a packet is copied.
    bypass: Option<Box<Bypass>>,
    stats: CaptureStats,
    next_check: Instant,
}

impl LiveSource {
    /// Reads all sockets in turns until the batch is full or they are empty.
    ///
    /// Returns whether there were packets. A socket that fails is closed and its interface lost.
    fn drain(&mut self, batch: &mut PacketBatch) -> bool {
        let mut taken = 0;
        loop {
            let mut got = 0;
            for port in &mut self.ports {
                match port.drain(batch, &mut self.bypass) {
                    Ok(packets) => got += packets,
                    Err(error) => {
                        port.count(self.first_worker, &mut self.stats);
                        port.socket = None;
                        let reason = OpenError::Pcap(error).to_string();
                        self.stats.report_once(&port.name, ProblemReason::InterfaceLost(reason));
                        self.stats.waiting_for.push(port.name.clone());
                    }
                }
            }
            taken += got;
            if got == 0 || batch.bytes.len() >= BATCH_BYTES || taken >= BATCH_PACKETS {
                return taken > 0;
            }
        }
    }

    /// Waits up to [`POLL_TIME`] for packets; `false` if none came.
    fn wait(&self) -> bool {
        let sockets: Vec<_> = self
            .ports
            .iter()
            .filter_map(|port| Some(port.socket.as_ref()?.capture.as_fd()))
            .collect();
        // Without sockets this only waits. A failing poll must not make the caller spin.
        fanout::wait_readable(&sockets, POLL_TIME).unwrap_or_else(|_| {
            std::thread::sleep(POLL_TIME);
            false
        })
    }

    /// Reopens lost interfaces, and checks whether packets can arrive on the others.
    fn check_interfaces(&mut self) {
        self.stats.waiting_for.clear();
        for port in &mut self.ports {
            if port.socket.is_none()
                && let Err(error) = port.open(&self.options, &mut self.stats)
            {
                if let OpenError::LinkType(link) = error {
                    let reason = ProblemReason::UnsupportedLinkType(link);
                    self.stats.report_once(&port.name, reason);
                }
                self.stats.waiting_for.push(port.name.clone());
            } else if let Some(fault) = fault(&port.name) {
                self.stats.report_once(&port.name, ProblemReason::InterfaceDown(fault));
                self.stats.waiting_for.push(port.name.clone());
            }
        }
    }
}

impl Source for LiveSource {
    fn exchange_bypass(&mut self, bypass: Option<Box<Bypass>>) -> Option<Box<Bypass>> {
        std::mem::replace(&mut self.bypass, bypass)
    }

    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError> {
        if self.options.stop.load(Ordering::Relaxed) {
            return Ok(FillOutcome::End);
        }
        if Instant::now() >= self.next_check {
            self.check_interfaces();
            self.next_check = Instant::now() + CHECK_INTERVAL;
        }
        let found = self.drain(batch) || self.wait() && self.drain(batch);
        if !found {
            return Ok(FillOutcome::Idle);
        }
        self.stats.count_delivered(batch);
        Ok(FillOutcome::Packets)
    }

    fn stats(&mut self) -> CaptureStats {
        for port in &mut self.ports {
            port.count(self.first_worker, &mut self.stats);
        }
        self.stats.clone()
    }

    fn progress(&self) -> Option<Progress> {
        None
    }
}
