//! Writes protocol-correct captures of cryptocurrency mining, with the truth beside them.
//!
//! A [`dialect`] has a [`conversation`]; [`tcp`] cuts it into segments, and loses or repeats some as
//! mirror ports do; a [`link`] wraps them. The same seed gives the same capture. Nothing here is
//! shared with the sensor: what one writes and the other reads are two readings of the protocols.

pub mod conversation;
pub mod dialect;
pub mod dns;
pub mod link;
pub mod load;
pub mod packet;
pub mod pcap;
pub mod recorder;
pub mod rng;
pub mod story;
pub mod tcp;
