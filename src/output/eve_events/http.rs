//! EVE `http` records: one for a request and one for a response, since the parsers do not wait
//! for the other half.

use std::borrow::Cow;

use serde::Serialize;

use crate::model::event::{HttpRequest, HttpResponse};
use crate::output::json::clipped;

/// Bytes in JSON of a host, an agent, a method, a version or a type.
const TEXT: usize = 512;
/// Bytes in JSON of a request target.
const URL: usize = 2048;

#[derive(Default, Serialize)]
pub(in crate::output) struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    /// As the `Host` header gives it.
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

impl Body {
    pub fn of_request(request: &HttpRequest) -> Self {
        let text = |text: &Cow<'_, str>| clipped(text, TEXT);
        let (hostname, http_port) = request.host.as_deref().map_or((None, None), |host| {
            let (name, port) = split_port(host);
            (Some(clipped(name, TEXT)), port)
        });
        Body {
            hostname,
            http_port,
            url: Some(clipped(&request.target, URL)),
            http_user_agent: request.user_agent.as_ref().map(text),
            http_method: Some(text(&request.method)),
            protocol: request.version.as_ref().map(text),
            ..Body::default()
        }
    }

    pub fn of_response(response: &HttpResponse) -> Self {
        Body {
            http_content_type: response.content_type.as_ref().map(|text| clipped(text, TEXT)),
            protocol: Some(clipped(&response.version, TEXT)),
            status: Some(response.status),
            ..Body::default()
        }
    }
}

/// Host and port of a `Host` header; an IPv6 address stands in brackets (RFC 9110 §7.2).
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
