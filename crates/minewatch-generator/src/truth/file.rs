//! The truth of a capture file, in the shape of other collections' `truth.json`.

use serde::Serialize;

use super::Stream;
use crate::pcap;

/// How a capture was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Recipe {
    pub dialect: String,
    pub disguises: Vec<String>,
    pub link: String,
    pub ip: String,
    pub segmentation: String,
    pub seed: u64,
}

/// The truth of one capture file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct File {
    pub file: String,
    pub bytes: usize,
    pub format: &'static str,
    pub linktype: &'static str,
    pub packets: usize,
    pub first_packet: String,
    pub tcp_streams: usize,
    pub mining_streams: usize,
    pub mining_clients: Vec<String>,
    pub pool_endpoints: usize,
    /// The strongest verdict of any stream; `null` if a sensor must stay silent.
    pub verdict: Option<&'static str>,
    pub streams: Vec<Stream>,
    /// What the capture is about, if it is no order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
}

impl File {
    /// The truth of a capture with these frames and TCP connections. Connections without mining
    /// are counted only.
    pub fn of(file: &str, link_type: u32, frames: &[pcap::Frame], streams: &[Stream]) -> File {
        const ORDER: [&str; 5] = ["probe", "attempt", "session", "mining", "active"];
        let mining: Vec<Stream> =
            streams.iter().filter(|stream| stream.verdict.is_some()).cloned().collect();
        let mut clients: Vec<String> = mining.iter().map(|stream| host(&stream.client)).collect();
        clients.sort();
        clients.dedup();
        let mut servers: Vec<&String> = mining.iter().map(|stream| &stream.server).collect();
        servers.sort();
        servers.dedup();
        let first = frames.iter().map(|frame| frame.time).min().unwrap_or_default();
        File {
            file: file.to_owned(),
            bytes: pcap::size(frames),
            format: "pcap",
            linktype: link_name(link_type),
            packets: frames.len(),
            first_packet: utc(first),
            tcp_streams: streams.len(),
            mining_streams: mining.len(),
            mining_clients: clients,
            pool_endpoints: servers.len(),
            verdict: mining
                .iter()
                .filter_map(|stream| stream.verdict)
                .max_by_key(|verdict| ORDER.iter().position(|name| name == verdict)),
            streams: mining,
            told: None,
            recipe: None,
        }
    }
}

/// A link type as tools of captures call it.
fn link_name(link_type: u32) -> &'static str {
    match link_type {
        0 => "null",
        1 => "ether",
        101 => "rawip",
        105 => "ieee-802-11",
        113 => "linux-sll",
        276 => "linux-sll2",
        _ => "other",
    }
}

/// The address of `192.0.2.1:80` or `[2001:db8::1]:80`.
fn host(endpoint: &str) -> String {
    endpoint
        .parse()
        .map_or(endpoint.to_owned(), |socket: std::net::SocketAddr| socket.ip().to_string())
}

/// `micros` since the Unix epoch as `2019-11-25 21:02:17.505085`, in UTC.
fn utc(micros: u64) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (mut days, time) = (seconds / 86_400, seconds % 86_400);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year}-{month:02}-{:02} {hour:02}:{minute:02}:{second:02}.{fraction:06}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_in_other_truth_files() {
        assert_eq!(utc(1_574_715_737_505_085), "2019-11-25 21:02:17.505085");
        assert_eq!(utc(951_782_400_000_000), "2000-02-29 00:00:00.000000");
    }
}
