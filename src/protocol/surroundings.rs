//! What wraps the innermost protocol of a connection.

use crate::model::event::Tunnel;
use crate::model::event::mining::Carrier;

/// Carriers and tunnel around a protocol; nearly always there are none.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// What wraps the protocol, outermost first.
    pub carriers: Vec<Carrier>,
    /// The tunnel of the innermost proxy, with its far end.
    pub tunnel: Option<Tunnel>,
}
