//! Checked settings, and their construction from the file.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use toml::{Spanned, Value};

use super::choice::{OutputFormat, SummaryStyle};
use super::error::{ConfigProblem, ValueError};
use super::health::{self, HealthSettings};
use super::{layers, raw, units};
use crate::model::record::EventKind;
use crate::model::site::{SiteTag, SiteTunnel};

/// Number of workers. Packet numbers are reserved for at most 64 workers (`pipeline::live`), and no
/// machine that watches a mirror port has more cores to spare.
pub const THREADS: RangeInclusive<i64> = 1..=63;
/// Captured bytes of a packet. Link and network headers need the lower bound; the upper one is the
/// limit of libpcap.
const SNAPLEN: RangeInclusive<i64> = 64..=262_144;
/// Bytes of a capture ring. It holds at least one block of a megabyte; libpcap counts its bytes in
/// 31 bits.
const BUFFER: RangeInclusive<u64> = 1 << 20..=(2 << 30) - 1;
/// Pools that make a prober. Two pools are a failover; nobody waits for more than a thousand in ten
/// minutes.
const PROBE_POOLS: RangeInclusive<i64> = 2..=1000;
/// Bytes of memory. With less the tables have no room to work; with more their 32-bit counters
/// would overflow.
const MEMORY: RangeInclusive<u64> = 16 << 20..=64 << 30;
/// Idle times. Less than a second is no silence; with more than a month an incident never ends.
const IDLE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(31 * 86_400);

/// Longest name of the sensor, in bytes: that of a host name (RFC 1035 §2.3.4). Records have little
/// room to spare.
const MAX_SENSOR: usize = 255;

/// All settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// What is captured, and how.
    pub capture: CaptureSettings,
    /// How packets are read.
    pub decode: DecodeSettings,
    /// What the site's network is.
    pub network: NetworkSettings,
    /// What is looked for.
    pub intel: IntelSettings,
    /// When incidents are told.
    pub alerts: AlertSettings,
    /// What is written, and where.
    pub output: OutputSettings,
    /// Bounds on memory and time.
    pub limits: LimitSettings,
    /// When the sensor says that it cannot see.
    pub health: HealthSettings,
}

/// Settings of the section `[capture]`.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureSettings {
    /// Interfaces to capture from, each once.
    pub interfaces: Vec<String>,
    /// Workers, 1 to 63.
    pub threads: usize,
    /// Ask for packets to other machines.
    pub promiscuous: bool,
    /// Captured bytes of a packet, 64 to 262,144.
    pub snaplen: u32,
    /// Ring of each socket, in bytes.
    pub buffer: u32,
    /// Capture filter, in the language of tcpdump.
    pub filter: Option<String>,
}

impl Default for CaptureSettings {
    fn default() -> Self {
        CaptureSettings {
            interfaces: Vec::new(),
            threads: 1,
            promiscuous: true,
            snaplen: 262_144,
            buffer: 64 << 20,
            filter: None,
        }
    }
}

/// Settings of the section `[decode]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecodeSettings {
    /// Tags that only this site knows.
    pub tags: Vec<SiteTag>,
    /// Ports of tunnels that only this site knows.
    pub tunnels: Vec<SiteTunnel>,
}

/// Settings of the section `[network]`.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSettings {
    /// The site's own networks.
    pub home_net: Vec<IpNet>,
    /// Flows of different VLANs are kept apart.
    pub vlan_in_flow: bool,
}

impl Default for NetworkSettings {
    /// Private addresses (RFC 1918) and unique local ones (RFC 4193).
    fn default() -> Self {
        let networks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
        NetworkSettings {
            home_net: networks.iter().filter_map(|network| network.parse().ok()).collect(),
            vlan_in_flow: false,
        }
    }
}

/// Settings of the section `[intel]`.
#[derive(Clone, Debug, PartialEq)]
pub struct IntelSettings {
    /// Use the intelligence in the binary.
    pub builtin: bool,
    /// Files and folders to load, in order of precedence.
    pub files: Vec<PathBuf>,
}

impl Default for IntelSettings {
    fn default() -> Self {
        IntelSettings { builtin: true, files: Vec::new() }
    }
}

/// Settings of the section `[alerts]`.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertSettings {
    /// Silence after which an incident is closed.
    pub incident_idle: Duration,
    /// Least time between two reports of news.
    pub update_interval: Duration,
    /// Pools tried in vain that make a prober, 2 to 1000.
    pub probe_pools: usize,
}

impl Default for AlertSettings {
    fn default() -> Self {
        AlertSettings {
            incident_idle: Duration::from_secs(30 * 60),
            update_interval: Duration::from_secs(10 * 60),
            probe_pools: 8,
        }
    }
}

/// Settings of the section `[output]`.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputSettings {
    /// Format of records.
    pub format: OutputFormat,
    /// Path of the file; `-` for standard output.
    pub file: PathBuf,
    /// Extracted events to write.
    pub events: Vec<EventKind>,
    /// Name of this sensor, for records.
    pub sensor: Option<String>,
    /// What is told at the end.
    pub summary: SummaryStyle,
}

impl Default for OutputSettings {
    fn default() -> Self {
        OutputSettings {
            format: OutputFormat::Eve,
            file: PathBuf::from("-"),
            events: Vec::new(),
            sensor: None,
            summary: SummaryStyle::Text,
        }
    }
}

/// Settings of the section `[limits]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitSettings {
    /// Memory budget in bytes.
    pub memory: usize,
    /// Silence after which a TCP flow ends.
    pub tcp_idle: Duration,
    /// Silence after which a UDP flow ends.
    pub udp_idle: Duration,
}

impl Default for LimitSettings {
    fn default() -> Self {
        LimitSettings {
            memory: 256 << 20,
            tcp_idle: Duration::from_secs(3600),
            udp_idle: Duration::from_secs(120),
        }
    }
}

/// Checks a raw configuration and turns it into settings. Absent settings keep their defaults.
pub(super) fn check<E: Display>(
    raw: raw::RawConfig,
    filter: impl Fn(&str) -> Result<(), E>,
) -> Result<Settings, ConfigProblem> {
    let base = Settings::default();
    let raw::RawConfig { capture, decode, network, intel, alerts, output, limits, health } = raw;
    Ok(Settings {
        capture: CaptureSettings {
            interfaces: interfaces(capture.interfaces)?,
            threads: integer(capture.threads, base.capture.threads, THREADS)?,
            promiscuous: plain(capture.promiscuous, base.capture.promiscuous),
            snaplen: integer(capture.snaplen, base.capture.snaplen, SNAPLEN)?,
            buffer: size(capture.buffer, base.capture.buffer, BUFFER)?,
            filter: text(capture.filter, filter)?,
        },
        decode: DecodeSettings {
            tags: each(decode.tags, base.decode.tags, layers::tag)?,
            tunnels: each(decode.tunnels, base.decode.tunnels, layers::tunnel)?,
        },
        network: NetworkSettings {
            home_net: each(network.home_net, base.network.home_net, home_network)?,
            vlan_in_flow: plain(network.vlan_in_flow, base.network.vlan_in_flow),
        },
        intel: IntelSettings {
            builtin: plain(intel.builtin, base.intel.builtin),
            files: plain(intel.files, Vec::new()).into_iter().map(PathBuf::from).collect(),
        },
        alerts: AlertSettings {
            incident_idle: idle(alerts.incident_idle, base.alerts.incident_idle)?,
            update_interval: idle(alerts.update_interval, base.alerts.update_interval)?,
            probe_pools: integer(alerts.probe_pools, base.alerts.probe_pools, PROBE_POOLS)?,
        },
        output: OutputSettings {
            format: word(output.format, base.output.format, OutputFormat::from_str)?,
            file: output.file.map_or(base.output.file, |file| PathBuf::from(file.into_inner())),
            events: each(output.events, base.output.events, EventKind::from_str)?,
            sensor: text(output.sensor, sensor_name)?,
            summary: word(output.summary, base.output.summary, SummaryStyle::from_str)?,
        },
        limits: LimitSettings {
            memory: size(limits.memory, base.limits.memory, MEMORY)?,
            tcp_idle: idle(limits.tcp_idle, base.limits.tcp_idle)?,
            udp_idle: idle(limits.udp_idle, base.limits.udp_idle)?,
        },
        health: health::check(health)?,
    })
}

/// Parses a network of `home_net`; a single address is a network of its own.
pub fn home_network(text: &str) -> Result<IpNet, ValueError> {
    let address = || text.parse::<std::net::IpAddr>().map(IpNet::from).ok();
    text.parse::<IpNet>()
        .ok()
        .or_else(address)
        .ok_or_else(|| ValueError::new("a network like \"10.0.0.0/8\" or \"2001:db8::/32\"", text))
}

fn plain<T>(written: Option<Spanned<T>>, base: T) -> T {
    written.map_or(base, Spanned::into_inner)
}

/// Checks an optional text; an empty text counts as absent.
fn text<E: Display>(
    written: Option<Spanned<String>>,
    check: impl Fn(&str) -> Result<(), E>,
) -> Result<Option<String>, ConfigProblem> {
    let written = written.filter(|text| !text.get_ref().is_empty());
    checked(written, None, |text| check(&text).map(|()| Some(text)))
}

/// Checks the names of interfaces: each must be present only once.
fn interfaces(
    written: Option<Spanned<Vec<Spanned<String>>>>,
) -> Result<Vec<String>, ConfigProblem> {
    let mut names = Vec::new();
    for name in written.map(Spanned::into_inner).unwrap_or_default() {
        let (span, name) = (name.span(), name.into_inner());
        if name.is_empty() || names.contains(&name) {
            let error = ValueError::new("each interface once, like \"eth0\"", name);
            return Err(ConfigProblem { span, message: error.to_string() });
        }
        names.push(name);
    }
    Ok(names)
}

/// Checks the name of the sensor, which is part of every record.
fn sensor_name(name: &str) -> Result<(), ValueError> {
    if name.len() <= MAX_SENSOR && !name.contains(char::is_control) {
        return Ok(());
    }
    let expected = format!("a name of up to {MAX_SENSOR} bytes without control characters");
    Err(ValueError::new(expected, name.escape_debug()))
}

fn checked<T, U, E: Display>(
    written: Option<Spanned<T>>,
    base: U,
    check: impl FnOnce(T) -> Result<U, E>,
) -> Result<U, ConfigProblem> {
    let Some(written) = written else { return Ok(base) };
    let span = written.span();
    check(written.into_inner()).map_err(|error| ConfigProblem { span, message: error.to_string() })
}

fn each<T, E: Display>(
    written: Option<Spanned<Vec<Spanned<Value>>>>,
    base: Vec<T>,
    check: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, ConfigProblem> {
    let Some(written) = written else { return Ok(base) };
    let check = |item: Spanned<Value>| {
        let span = item.span();
        check(&as_text(item.into_inner()))
            .map_err(|error| ConfigProblem { span, message: error.to_string() })
    };
    written.into_inner().into_iter().map(check).collect()
}

fn within<T: PartialOrd + Display>(value: T, range: &RangeInclusive<T>) -> Result<T, ValueError> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(ValueError::new(format!("{} to {}", range.start(), range.end()), value))
}

/// The value as text. A value of another type gives a text that no setting accepts, so that the
/// error lists the accepted words.
fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn word<T>(
    written: Option<Spanned<Value>>,
    base: T,
    check: impl Fn(&str) -> Result<T, ValueError>,
) -> Result<T, ConfigProblem> {
    checked(written, base, |value| check(&as_text(value)))
}

pub(super) fn integer<T: TryFrom<i64>>(
    written: Option<Spanned<Value>>,
    base: T,
    range: RangeInclusive<i64>,
) -> Result<T, ConfigProblem> {
    checked(written, base, |value| {
        let (least, most) = (range.start(), range.end());
        let value = value
            .as_integer()
            .ok_or_else(|| ValueError::new(format!("an integer from {least} to {most}"), &value))?;
        let value = within(value, &range)?;
        let expected = || format!("an integer from {least} to {most}");
        T::try_from(value).map_err(|_| ValueError::new(expected(), value))
    })
}

fn size<T: TryFrom<u64>>(
    written: Option<Spanned<Value>>,
    base: T,
    range: RangeInclusive<u64>,
) -> Result<T, ConfigProblem> {
    word(written, base, |text| {
        let bytes = units::size(text)?;
        let outside = || {
            let (least, most) = (range.start() >> 20, range.end() >> 20);
            ValueError::new(format!("{least}MB to {most}MB"), text)
        };
        let inside = Some(bytes).filter(|bytes| range.contains(bytes));
        inside.and_then(|bytes| T::try_from(bytes).ok()).ok_or_else(outside)
    })
}

pub(super) fn idle(
    written: Option<Spanned<Value>>,
    base: Duration,
) -> Result<Duration, ConfigProblem> {
    word(written, base, |text| {
        let time = units::duration(text)?;
        if IDLE.contains(&time) {
            return Ok(time);
        }
        Err(ValueError::new("1s to 31d", text))
    })
}
