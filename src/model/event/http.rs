//! HTTP/1 messages, reduced to what detection needs.

use std::borrow::Cow;

use super::Tunnel;
use crate::model::chunk::Direction;

/// A request line and the headers that matter. Strings are escaped (no control bytes) and bounded;
/// they lie in the packet where nothing had to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest<'a> {
    /// In which it travels: the client's, whichever end the flow's initiator is.
    pub direction: Direction,
    /// As sent: `GET`.
    pub method: Cow<'a, str>,
    /// Request target as sent: a path, an absolute URL, or host:port for CONNECT.
    pub target: Cow<'a, str>,
    /// `Host` header or the authority of an absolute target; lower case, with port if given.
    pub authority: Option<Cow<'a, str>>,
    /// The `User-Agent` header.
    pub user_agent: Option<Cow<'a, str>>,
    /// Name of the account of Basic authentication (the password is not kept).
    pub user: Option<String>,
    /// As sent, `HTTP/1.1`; clients of HTTP/0.9 name none.
    pub version: Option<Cow<'a, str>>,
}

impl HttpRequest<'_> {
    /// The tunnel that it asks a proxy for.
    pub fn tunnel(&self) -> Option<Tunnel> {
        let host = self.authority.as_deref().filter(|_| self.method == "CONNECT")?;
        Some(Tunnel::from_authority(host, self.direction))
    }

    /// The same, to keep when the packet is gone.
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

/// A status line and the headers that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse<'a> {
    /// In which it travels.
    pub direction: Direction,
    /// Status code.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: Option<Cow<'a, str>>,
    /// As sent.
    pub version: Cow<'a, str>,
}
