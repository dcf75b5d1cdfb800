//! Readers of message bodies, whatever protocol carries the bodies.
//!
//! ```text
//! http ───────┐                                ┌─▶ stratum: mining
//!             ├─ body, direction ─▶ BodyReaders ┤
//! websocket ──┘                                └─▶ … a line in `registry` each
//! ```
//!
//! A carrier knows nothing of what its bodies mean. It opens the readers of [`registry`] with the
//! connection, and offers them what it frames.

pub(super) mod reader;
mod registry;

pub(super) use reader::BodyReader;
pub(super) use registry::BodyReaders;
