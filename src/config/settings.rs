//! Settings that make sense, and how they are made of what is written.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use toml::{Spanned, Value};

use super::choice::{Event, Format, SummaryStyle};
use super::error::Problem;
use super::{raw, units};

/// Workers: packet numbers are set aside for so many (`pipeline::live`), and no machine that
/// watches a mirror port has more cores to spare.
pub const THREADS: RangeInclusive<i64> = 1..=63;
/// Link and network headers alone need the lower bound; libpcap takes no more than the upper one.
const SNAPLEN: RangeInclusive<i64> = 64..=262_144;
/// A ring holds at least one block of a megabyte; libpcap counts its bytes in 31 bits.
const BUFFER: RangeInclusive<u64> = 1 << 20..=(2 << 30) - 1;
/// Two pools are a failover; more than a thousand in ten minutes nobody waits for.
const PROBE_POOLS: RangeInclusive<i64> = 2..=1000;
/// Below, the tables have no room to work; above, counters of 32 bits in them would overflow.
const MEMORY: RangeInclusive<u64> = 16 << 20..=64 << 30;
/// Shorter than a second is no silence; longer than a month, an incident never ends.
const IDLE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(31 * 86_400);

/// As long as the name of a host may be (RFC 1035 §2.3.4); records have little room to spare.
const MAX_SENSOR: usize = 255;

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub capture: CaptureSettings,
    pub network: NetworkSettings,
    pub intel: IntelSettings,
    pub alerts: AlertSettings,
    pub output: OutputSettings,
    pub limits: LimitSettings,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CaptureSettings {
    pub interfaces: Vec<String>,
    /// Workers, 1 to 63.
    pub threads: usize,
    pub promiscuous: bool,
    /// In bytes, 64 to 262,144.
    pub snaplen: u32,
    /// Of each socket, in bytes.
    pub buffer: u32,
    /// In tcpdump's language.
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

#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSettings {
    pub home_net: Vec<IpNet>,
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

#[derive(Clone, Debug, PartialEq)]
pub struct IntelSettings {
    pub builtin: bool,
    pub files: Vec<PathBuf>,
}

impl Default for IntelSettings {
    fn default() -> Self {
        IntelSettings { builtin: true, files: Vec::new() }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct AlertSettings {
    pub incident_idle: Duration,
    pub update_interval: Duration,
    /// 2 to 1000.
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

#[derive(Clone, Debug, PartialEq)]
pub struct OutputSettings {
    pub format: Format,
    /// `-` for standard output.
    pub file: PathBuf,
    pub events: Vec<Event>,
    pub sensor: Option<String>,
    pub summary: SummaryStyle,
}

impl Default for OutputSettings {
    fn default() -> Self {
        OutputSettings {
            format: Format::Eve,
            file: PathBuf::from("-"),
            events: Vec::new(),
            sensor: None,
            summary: SummaryStyle::Text,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct LimitSettings {
    /// In bytes.
    pub memory: usize,
    pub tcp_idle: Duration,
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

/// Turns what is written into settings; what is not written stays as it is by default.
pub(super) fn check(
    raw: raw::Config,
    filter: impl Fn(&str) -> Result<(), String>,
) -> Result<Settings, Problem> {
    let base = Settings::default();
    let raw::Config { capture, network, intel, alerts, output, limits } = raw;
    Ok(Settings {
        capture: CaptureSettings {
            interfaces: interfaces(capture.interfaces)?,
            threads: integer(capture.threads, base.capture.threads, THREADS)?,
            promiscuous: plain(capture.promiscuous, base.capture.promiscuous),
            snaplen: integer(capture.snaplen, base.capture.snaplen, SNAPLEN)?,
            buffer: size(capture.buffer, base.capture.buffer, BUFFER)?,
            filter: text(capture.filter, filter)?,
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
            format: word(output.format, base.output.format, Format::from_str)?,
            file: output.file.map_or(base.output.file, |file| PathBuf::from(file.into_inner())),
            events: each(output.events, base.output.events, Event::from_str)?,
            sensor: text(output.sensor, sensor_name)?,
            summary: word(output.summary, base.output.summary, SummaryStyle::from_str)?,
        },
        limits: LimitSettings {
            memory: size(limits.memory, base.limits.memory, MEMORY)?,
            tcp_idle: idle(limits.tcp_idle, base.limits.tcp_idle)?,
            udp_idle: idle(limits.udp_idle, base.limits.udp_idle)?,
        },
    })
}

/// A network of `home_net`; a single address stands for itself.
pub fn home_network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<std::net::IpAddr>().map(IpNet::from).ok();
    text.parse::<IpNet>().ok().or_else(address).ok_or_else(|| {
        format!("`{text}` is no network: write it as \"10.0.0.0/8\" or \"2001:db8::/32\"")
    })
}

fn plain<T>(written: Option<Spanned<T>>, base: T) -> T {
    written.map_or(base, Spanned::into_inner)
}

/// An empty text means that there is none.
fn text(
    written: Option<Spanned<String>>,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<Option<String>, Problem> {
    let written = written.filter(|text| !text.get_ref().is_empty());
    checked(written, None, |text| check(&text).map(|()| Some(text)))
}

/// Names of interfaces, each once.
fn interfaces(written: Option<Spanned<Vec<Spanned<String>>>>) -> Result<Vec<String>, Problem> {
    let mut names = Vec::new();
    for name in written.map(Spanned::into_inner).unwrap_or_default() {
        let (span, name) = (name.span(), name.into_inner());
        if name.is_empty() || names.contains(&name) {
            let message = format!("`{name}`: name each interface once, as \"eth0\"");
            return Err(Problem { span, message });
        }
        names.push(name);
    }
    Ok(names)
}

/// It stands in every record.
fn sensor_name(name: &str) -> Result<(), String> {
    if name.len() <= MAX_SENSOR && !name.contains(char::is_control) {
        return Ok(());
    }
    Err(format!(
        "no name of a sensor: up to {MAX_SENSOR} bytes without control characters are possible"
    ))
}

fn checked<T, U>(
    written: Option<Spanned<T>>,
    base: U,
    check: impl FnOnce(T) -> Result<U, String>,
) -> Result<U, Problem> {
    let Some(written) = written else { return Ok(base) };
    let span = written.span();
    check(written.into_inner()).map_err(|message| Problem { span, message })
}

fn each<T>(
    written: Option<Spanned<Vec<Spanned<Value>>>>,
    base: Vec<T>,
    check: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Problem> {
    let Some(written) = written else { return Ok(base) };
    let check = |item: Spanned<Value>| {
        let span = item.span();
        check(&as_text(item.into_inner())).map_err(|message| Problem { span, message })
    };
    written.into_inner().into_iter().map(check).collect()
}

fn within<T: PartialOrd + Display>(value: T, range: &RangeInclusive<T>) -> Result<T, String> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(format!("{value} is out of range: {} to {} is possible", range.start(), range.end()))
}

/// A text; what is none is no word of any setting either, and is refused with those that are.
fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn word<T>(
    written: Option<Spanned<Value>>,
    base: T,
    check: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Problem> {
    checked(written, base, |value| check(&as_text(value)))
}

fn integer<T: TryFrom<i64>>(
    written: Option<Spanned<Value>>,
    base: T,
    range: RangeInclusive<i64>,
) -> Result<T, Problem> {
    checked(written, base, |value| {
        let (least, most) = (range.start(), range.end());
        let value = value
            .as_integer()
            .ok_or_else(|| format!("{value} is no whole number: {least} to {most} is possible"))?;
        let value = within(value, &range)?;
        T::try_from(value).map_err(|_| format!("{value} is out of range"))
    })
}

fn size<T: TryFrom<u64>>(
    written: Option<Spanned<Value>>,
    base: T,
    range: RangeInclusive<u64>,
) -> Result<T, Problem> {
    word(written, base, |text| {
        let bytes = units::size(text)?;
        let outside = || {
            let (least, most) = (range.start() >> 20, range.end() >> 20);
            format!("`{text}` is out of range: {least}MB to {most}MB is possible")
        };
        let inside = Some(bytes).filter(|bytes| range.contains(bytes));
        inside.and_then(|bytes| T::try_from(bytes).ok()).ok_or_else(outside)
    })
}

fn idle(written: Option<Spanned<Value>>, base: Duration) -> Result<Duration, Problem> {
    word(written, base, |text| {
        let time = units::duration(text)?;
        if IDLE.contains(&time) {
            return Ok(time);
        }
        Err(format!("`{text}` is out of range: 1s to 31d is possible"))
    })
}
