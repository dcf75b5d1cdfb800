//! Readers of message bodies, independent of the protocol that carries the bodies.
//!
//! ```text
//! http ───────┐                                ┌─▶ stratum: mining
//!             ├─ body, direction ─▶ BodyReaders ┤
//! websocket ──┘                                └─▶ … one line in `registry` for each
//! ```
//!
//! A carrier does not know what its bodies mean. It opens the readers of [`registry`] for each
//! connection, and offers them the bodies.

pub(super) mod reader;
mod registry;

pub(super) use reader::BodyReader;
pub(super) use registry::BodyReaders;
