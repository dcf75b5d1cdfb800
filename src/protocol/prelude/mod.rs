//! What proxies put in front of a connection: a greeting, and the true destination or source.

pub(super) mod proxy_protocol;
pub(super) mod socks;

use crate::model::chunk::Chunk;
use crate::model::event::Tunnel;

/// The end of a prelude: what follows `offset` in the chunk is what the proxy carries.
#[derive(Debug)]
pub(super) struct End {
    pub offset: usize,
    pub tunnel: Tunnel,
}

/// The bytes do not follow the protocol that they began with.
#[derive(Debug)]
pub(super) struct NotThis;

/// A greeting in front of a connection.
pub(super) trait Prelude: Send {
    /// Takes the next bytes; `Some` when the greeting is over.
    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<Option<End>, NotThis>;
}
