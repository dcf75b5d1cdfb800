//! The list of body readers.

use super::reader::Listener;
use crate::protocol::stratum::StratumConversation;

/// The readers of the bodies of one connection.
///
/// To add a reader, make the type a pair: `(Listener<StratumConversation>, Listener<Another>)`.
/// Both are then offered every body.
///
/// The readers are fields of the connection, and calls to them are static. A reader without data
/// costs no memory of its own.
pub(crate) type BodyReaders = Listener<StratumConversation>;
