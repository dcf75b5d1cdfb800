//! EVE `http` records: one for each request and one for each response.
//!
//! The two are separate, since the parsers do not wait for the other half.

use serde::Serialize;

use super::super::json::clipped;
use crate::model::record::HttpEvent;

/// Longest host, agent, method, version or type, in bytes of JSON.
const TEXT: usize = 512;
/// Longest request target, in bytes of JSON.
const URL: usize = 2048;

#[derive(Default, Serialize)]
pub(super) struct HttpBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    /// Port in the `Host` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    http_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

impl From<&HttpEvent> for HttpBody {
    fn from(event: &HttpEvent) -> Self {
        let text = |text: &String| clipped(text, TEXT);
        match event {
            HttpEvent::Request { method, target, authority, user_agent, version } => {
                let (hostname, http_port) =
                    authority.as_deref().map_or((None, None), |authority| {
                        let (name, port) = split_port(authority);
                        (Some(clipped(name, TEXT)), port)
                    });
                HttpBody {
                    hostname,
                    http_port,
                    url: Some(clipped(target, URL)),
                    http_user_agent: user_agent.as_ref().map(text),
                    http_method: Some(text(method)),
                    protocol: version.as_ref().map(text),
                    ..HttpBody::default()
                }
            }
            HttpEvent::Response { status, content_type, version } => HttpBody {
                http_content_type: content_type.as_ref().map(text),
                protocol: Some(text(version)),
                status: Some(*status),
                ..HttpBody::default()
            },
        }
    }
}

/// Splits a `Host` header into host and port; an IPv6 address is in brackets (RFC 9110 §7.2).
fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':').map(|(name, port)| (name, port.parse())) {
        Some((name, Ok(port))) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_told_from_an_ipv6_address() {
        assert_eq!(split_port("pool.example:8080"), ("pool.example", Some(8080)));
        assert_eq!(split_port("[2001:db8::1]:80"), ("[2001:db8::1]", Some(80)));
        assert_eq!(split_port("2001:db8::1"), ("2001:db8::1", None));
        assert_eq!(split_port("pool.example"), ("pool.example", None));
        assert_eq!(split_port("pool.example:99999"), ("pool.example:99999", None));
    }
}
