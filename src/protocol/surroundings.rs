//! What the innermost protocol of a connection is wrapped in.

use crate::model::event::Tunnel;
use crate::model::event::mining::Carrier;

/// Where in a connection a protocol is spoken. Nearly always there is nothing around it.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// What wraps the protocol, outermost first.
    pub carriers: Vec<Carrier>,
    /// The far end of the innermost proxy.
    pub tunnel: Option<Tunnel>,
}
