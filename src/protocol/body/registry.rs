//! Who reads the bodies of a connection.

use super::reader::Listener;
use crate::protocol::stratum::StratumConversation;

/// The readers of the bodies of one connection. A further one makes a pair of this: the line
/// becomes `(Listener<Conversation>, Listener<Another>)`, and both are offered every body.
///
/// The readers lie inside the connection, and calls to them are static: one that has heard nothing
/// costs no memory of its own.
pub(crate) type BodyReaders = Listener<StratumConversation>;
