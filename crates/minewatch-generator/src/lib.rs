//! Writes protocol-correct captures of cryptocurrency mining, with the truth beside them.
//!
//! A [`dialect`], a [`plan`] and the [`course`] of events make a [`conversation`]; [`disguise`]s
//! change its words and its envelopes ([`carrier`]); [`tcp`] cuts it into segments, and loses or
//! repeats some as mirror ports do; a [`network`] and a [`link`] wrap them. A [`capture`] is made to
//! order from all of these, and its [`truth`] is computed from the messages that it shows.
//! [`look_alike`]s are captures without mining, [`load`] is bulk to measure with. The same seed
//! gives the same capture. Nothing here is shared with the sensor: what one writes and the other
//! reads are two readings of the protocols.

pub mod capture;
pub mod carrier;
pub mod codec;
pub mod conversation;
pub mod course;
pub mod dhcp;
pub mod dialect;
pub mod disguise;
pub mod dns;
mod json;
pub mod link;
pub mod load;
pub mod look_alike;
pub mod matrix;
pub mod network;
pub mod packet;
pub mod pcap;
pub mod plan;
pub mod recorder;
pub mod rng;
pub mod story;
pub mod tcp;
pub mod truth;
