//! Parses one indicator: a name, an address, an endpoint, a network or a URL prefix.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;

use super::error::shown;
use super::names::MAX_NAME;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Indicator<'a> {
    /// Lower case, no leading or trailing dot, at least two labels.
    Name(Cow<'a, str>),
    Address(IpAddr),
    Endpoint(IpAddr, u16),
    Network(IpNet),
    /// Host in lower case without a port; path with its leading slash.
    Url {
        host: Cow<'a, str>,
        path: &'a str,
    },
}

/// Why a text cannot be used as an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub message: String,
    pub help: &'static str,
}

impl Refusal {
    pub(super) fn new(message: impl Into<String>, help: &'static str) -> Self {
        Refusal { message: message.into(), help }
    }
}

const WRITE_LIKE: &str =
    "write pool.example, 192.0.2.1, 192.0.2.1:3333, 192.0.2.0/24 or http://host/path";

/// Parses `text`. Everything but the path of a URL may have any case.
pub(super) fn parse(text: &str) -> Result<Indicator<'_>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::new("nothing stands here", WRITE_LIKE));
    }
    if text.contains('\u{fffd}') {
        return Err(Refusal::new("is not UTF-8", "save the file as UTF-8"));
    }
    // Names do not end with a digit (no top-level domain does), and IPv6 addresses have a colon.
    let last_is_digit = text.as_bytes().last().is_some_and(u8::is_ascii_digit);
    if (last_is_digit || text.contains(':'))
        && let Some(indicator) = numeric(text)
    {
        return indicator;
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        return match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" | "ws" | "wss" | "ftp" => url(rest),
            // Schemes that miners use for pools.
            scheme if scheme.starts_with("stratum") || ["tcp", "ssl"].contains(&scheme) => {
                url(rest)
            }
            _ => Err(Refusal::new(format!("has the unknown scheme {}", shown(scheme)), WRITE_LIKE)),
        };
    }
    if text.starts_with('/') {
        return Err(Refusal::new("is a path without a host", "put the host in front of it"));
    }
    if text.contains(['/', ':', '?']) {
        return url(text);
    }
    name(text).map(Indicator::Name)
}

/// Parses an address, an endpoint or a network; `None` if `text` is something else.
fn numeric(text: &str) -> Option<Result<Indicator<'_>, Refusal>> {
    if let Ok(address) = text.parse() {
        return Some(Ok(Indicator::Address(address)));
    }
    if let Ok(endpoint) = text.parse::<std::net::SocketAddr>() {
        return Some(Ok(Indicator::Endpoint(endpoint.ip(), endpoint.port())));
    }
    if let Some((address, length)) = text.split_once('/') {
        let address: IpAddr = address.parse().ok()?;
        if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let network = length.parse().ok().and_then(|length| IpNet::new(address, length).ok());
        return Some(network.map(|net| Indicator::Network(net.trunc())).ok_or_else(|| {
            Refusal::new(format!("/{} is no prefix length", shown(length)), WRITE_LIKE)
        }));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b':') {
        return Some(Err(Refusal::new("is no address", WRITE_LIKE)));
    }
    None
}

/// Parses the rest of a URL, after the scheme.
fn url(rest: &str) -> Result<Indicator<'_>, Refusal> {
    let split = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(split).unwrap_or((rest, ""));
    if authority.contains('@') {
        return Err(Refusal::new("has a user name in front of the host", "remove it"));
    }
    let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        None | Some("") => None,
        Some(port) => Some(port.parse::<u16>().map_err(|_| {
            Refusal::new(format!("{} is no port", shown(port)), "ports go from 1 to 65535")
        })?),
    };
    let bare = path.is_empty() || path == "/";
    match (host.parse::<IpAddr>(), port) {
        (Ok(address), Some(port)) if bare => Ok(Indicator::Endpoint(address, port)),
        (Ok(address), None) if bare => Ok(Indicator::Address(address)),
        (Ok(address), _) => Ok(Indicator::Url { host: address.to_string().into(), path }),
        // The port is dropped: for a name it adds nothing.
        (Err(_), _) if bare => name(host).map(Indicator::Name),
        (Err(_), _) if path.starts_with('/') => Ok(Indicator::Url { host: name(host)?, path }),
        (Err(_), _) => Err(Refusal::new("has a query and no path", WRITE_LIKE)),
    }
}

fn name(text: &str) -> Result<Cow<'_, str>, Refusal> {
    let stripped = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')).unwrap_or(text);
    let stripped = stripped.strip_suffix('.').unwrap_or(stripped);
    if let Some(refusal) = hash(text) {
        return Err(refusal);
    }
    if stripped.len() > MAX_NAME {
        return Err(Refusal::new(
            "is longer than a name can be",
            "names have up to 253 characters",
        ));
    }
    let (mut labels, mut label, mut upper) = (1, 0, false);
    for byte in stripped.bytes() {
        match byte {
            b'.' if label == 0 => return Err(Refusal::new("has an empty label", WRITE_LIKE)),
            b'.' => (labels, label) = (labels + 1, 0),
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => label += 1,
            b'A'..=b'Z' => (label, upper) = (label + 1, true),
            128.. => {
                return Err(Refusal::new(
                    "has letters that DNS does not carry",
                    "write the name in its xn-- form",
                ));
            }
            _ => {
                let what =
                    format!("{} is no character of a name", shown(&char::from(byte).to_string()));
                return Err(Refusal::new(what, WRITE_LIKE));
            }
        }
        if label > 63 {
            return Err(Refusal::new("has a label of more than 63 characters", WRITE_LIKE));
        }
    }
    if label == 0 {
        return Err(Refusal::new("has an empty label", WRITE_LIKE));
    }
    if labels < 2 {
        return Err(Refusal::new("is a single label", "write the whole name"));
    }
    Ok(if upper { stripped.to_ascii_lowercase().into() } else { stripped.into() })
}

/// Refuses hashes, and misprinted hashes, with a message of their own. Hashes of files and
/// fingerprints are common in lists, and as commonly misprinted.
fn hash(text: &str) -> Option<Refusal> {
    if text.len() < 24 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some(match text.len() {
        32 => Refusal::new("is a hash of 128 bits", "hashes do not show in traffic; remove it"),
        40 => Refusal::new("is a hash of 160 bits", "hashes do not show in traffic; remove it"),
        64 => Refusal::new("is a hash of 256 bits", "hashes do not show in traffic; remove it"),
        digits => Refusal::new(
            format!("has {digits} hexadecimal digits and is no hash of any kind"),
            "MD5 has 32, SHA-1 40, SHA-256 64; it is misprinted: ask its source",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_is_read() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let name = |text: &'static str| Indicator::Name(text.into());
        for (text, expected) in [
            ("Pool.SupportXMR.com", name("pool.supportxmr.com")),
            (" .pool.example. ", name("pool.example")),
            ("*.pool.example", name("pool.example")),
            ("http://pool.example/", name("pool.example")),
            ("pool.example:3333", name("pool.example")),
            ("stratum+tcp://pool.example:3333", name("pool.example")),
            ("192.0.2.1", Indicator::Address(ip("192.0.2.1"))),
            ("2001:db8::1", Indicator::Address(ip("2001:db8::1"))),
            ("http://192.0.2.1", Indicator::Address(ip("192.0.2.1"))),
            ("192.0.2.1:3333", Indicator::Endpoint(ip("192.0.2.1"), 3333)),
            ("[2001:db8::1]:80", Indicator::Endpoint(ip("2001:db8::1"), 80)),
            ("https://192.0.2.1:8080/", Indicator::Endpoint(ip("192.0.2.1"), 8080)),
            ("192.0.2.77/24", Indicator::Network("192.0.2.0/24".parse().unwrap())),
            (
                "pastebin.com/raw/sByq0rym",
                Indicator::Url { host: "pastebin.com".into(), path: "/raw/sByq0rym" },
            ),
            (
                "http://Thyrsi.com:80/t6/672/1550667479x1822611209.jpg",
                Indicator::Url {
                    host: "thyrsi.com".into(),
                    path: "/t6/672/1550667479x1822611209.jpg",
                },
            ),
            (
                "http://192.0.2.1:8080/x.sh",
                Indicator::Url { host: "192.0.2.1".into(), path: "/x.sh" },
            ),
            ("192.0.2.1/x24", Indicator::Url { host: "192.0.2.1".into(), path: "/x24" }),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_a_reason() {
        for (text, part) in [
            ("", "nothing"),
            ("pool", "single label"),
            ("192.0.2", "no address"),
            ("192.0.2.256", "no address"),
            ("192.0.2.0/33", "prefix length"),
            ("192.0.2.1:99999", "no address"),
            ("pool.example:99999", "no port"),
            ("a..example", "empty label"),
            ("pööl.example", "DNS does not carry"),
            ("pool example.org", "no character"),
            ("/x.sh", "without a host"),
            ("gopher://x.example/", "unknown scheme"),
            ("http://user@pool.example/", "user name"),
            // The MD5 of a published report lacks a digit.
            ("6a034a7041f30688086080a1c922e60", "31 hexadecimal digits"),
            ("ec2e8760003621ca668b5f03e616cd57", "hash of 128 bits"),
        ] {
            let refusal = parse(text).unwrap_err();
            assert!(refusal.message.contains(part), "{text}: {refusal:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,80}", url in "[a-z:/.@0-9\\[\\]?]{0,40}") {
            let _ = parse(&text);
            let _ = parse(&url);
        }
    }
}
