//! HTTP/1 messages, reduced to what detection needs.

use std::borrow::Cow;

use super::Tunnel;
use crate::model::chunk::Direction;

/// A request line and the headers that detection uses.
///
/// Strings are bounded and escaped (no control bytes). A string that needed no change borrows from
/// the packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest<'a> {
    /// The direction in which the request travels: from the HTTP client, which need not be the
    /// flow's initiator.
    pub direction: Direction,
    /// Method as sent, for example `GET`.
    pub method: Cow<'a, str>,
    /// Request target as sent: a path, an absolute URL, or host:port for CONNECT.
    pub target: Cow<'a, str>,
    /// `Host` header or the authority of an absolute target; lower case, with port if given.
    pub authority: Option<Cow<'a, str>>,
    /// The `User-Agent` header.
    pub user_agent: Option<Cow<'a, str>>,
    /// User name of Basic authentication; the password is not kept.
    pub user: Option<String>,
    /// Version as sent, for example `HTTP/1.1`; `None` for HTTP/0.9.
    pub version: Option<Cow<'a, str>>,
}

impl HttpRequest<'_> {
    /// Returns the tunnel that a CONNECT request asks a proxy for.
    pub fn tunnel(&self) -> Option<Tunnel> {
        let host = self.authority.as_deref().filter(|_| self.method == "CONNECT")?;
        Some(Tunnel::from_authority(host, self.direction))
    }

    /// Copies borrowed strings, so that the request can outlive its packet.
    pub fn into_owned(self) -> HttpRequest<'static> {
        HttpRequest {
            method: owned(self.method),
            target: owned(self.target),
            authority: self.authority.map(owned),
            user_agent: self.user_agent.map(owned),
            direction: self.direction,
            user: self.user,
            version: self.version.map(owned),
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// A status line and the headers that detection uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse<'a> {
    /// The direction in which the response travels.
    pub direction: Direction,
    /// Status code.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: Option<Cow<'a, str>>,
    /// Version as sent, for example `HTTP/1.1`.
    pub version: Cow<'a, str>,
}
