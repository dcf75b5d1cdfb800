//! The counters by which the sensor is judged.

use crate::capture::CaptureStats;
use crate::decode::{DecodeStats, DecodeStop};
use crate::flow::FlowStats;
use crate::protocol::stats::ProtocolStats;

/// Reasons to stop at a packet that is damaged or contradicts itself.
pub(super) const DAMAGED: [DecodeStop; 8] = [
    DecodeStop::LinkTruncated,
    DecodeStop::LinkMalformed,
    DecodeStop::TooDeep,
    DecodeStop::IpTruncated,
    DecodeStop::IpMalformed,
    DecodeStop::TransportTruncated,
    DecodeStop::TransportMalformed,
    DecodeStop::FragmentMalformed,
];

/// Declares the counters once, for the struct and for the difference of two.
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// Counters of an input, or of a stretch of it.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct HealthCounters {
            $($(#[$doc])* pub $name: u64,)+
        }

        impl HealthCounters {
            /// What was counted since `earlier`, a state of the same counters.
            pub fn since(&self, earlier: &HealthCounters) -> HealthCounters {
                HealthCounters { $($name: self.$name.saturating_sub(earlier.$name),)+ }
            }
        }
    };
}

counters! {
    /// Packets that were read, of unsupported link types too.
    packets,
    /// Their bytes on the wire.
    bytes,
    /// Packets that a filter rejected after they were read.
    filtered,
    /// Packets that the kernel or an interface dropped.
    dropped,
    /// Packets that are neither IP nor a known link protocol.
    not_understood,
    /// Packets whose headers cannot be read.
    damaged,
    /// Packets that are encrypted below IP or in IP.
    encrypted,
    /// Packets with payload, counted from the first cut packet on.
    payloads,
    /// Of these, the packets whose payload is cut.
    cut_payloads,
    /// TCP flows with data in one direction only.
    one_way,
    /// TCP flows seen in both directions.
    two_way,
    /// Bytes missing in TCP streams.
    lost_bytes,
    /// Packets with times that were not believed.
    strays,
    /// Flows with DNS.
    dns,
    /// Flows with TLS.
    tls,
    /// Packets of settled flows left out for want of time.
    bypassed,
    /// Flows given up for want of memory.
    evicted,
    /// Records that outputs have lost.
    lost_records,
}

impl HealthCounters {
    /// Collects the counters of all parts; `strays` and `lost_records` are left to the caller.
    pub fn new(
        capture: &CaptureStats,
        decode: &DecodeStats,
        flow: &FlowStats,
        protocols: &ProtocolStats,
    ) -> Self {
        let sum = |stops: &[DecodeStop]| stops.iter().map(|&stop| decode.stopped(stop)).sum();
        let unknown: u64 = sum(&[DecodeStop::NotUnderstood, DecodeStop::LinkType]);
        HealthCounters {
            packets: decode.packets + capture.unsupported,
            bytes: decode.bytes,
            filtered: capture.filtered,
            dropped: capture.kernel_drops + capture.interface_drops,
            not_understood: unknown + capture.unsupported,
            damaged: sum(&DAMAGED),
            encrypted: decode.stopped(DecodeStop::Encrypted),
            payloads: decode.payloads,
            cut_payloads: decode.cut_payloads,
            one_way: flow.one_way,
            two_way: flow.two_way,
            lost_bytes: flow.lost_bytes,
            strays: 0,
            dns: protocols.flows("dns"),
            tls: protocols.flows("tls"),
            bypassed: capture.bypassed.packets,
            evicted: flow.evicted,
            lost_records: 0,
        }
    }
}
