//! HTTP/1 messages, reduced to what detection needs.

use super::Tunnel;
use crate::model::chunk::Direction;

/// A request line and the headers that matter. Strings are escaped (no control bytes) and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// In which it travels: the client's, whichever end the flow's initiator is.
    pub direction: Direction,
    pub method: String,
    /// Request target as sent: a path, an absolute URL, or host:port for CONNECT.
    pub target: String,
    /// `Host` header or the authority of an absolute target; lower case, with port if given.
    pub host: Option<String>,
    pub user_agent: Option<String>,
    /// `Upgrade: websocket`.
    pub websocket: bool,
    /// Name of the account of Basic authentication (the password is not kept).
    pub user: Option<String>,
    pub version_minor: u8,
}

impl HttpRequest {
    /// The tunnel that it asks a proxy for.
    pub fn tunnel(&self) -> Option<Tunnel> {
        let host = self.host.as_deref().filter(|_| self.method == "CONNECT")?;
        Some(Tunnel::to(host, self.direction))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// In which it travels.
    pub direction: Direction,
    pub status: u16,
    /// `X-Stratum`, with which a getwork server points to its Stratum address.
    pub x_stratum: Option<String>,
    pub content_type: Option<String>,
    pub version_minor: u8,
}
