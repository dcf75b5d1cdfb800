//! What a pcapng file says of an interface: its link type and the unit of its times.

use crate::model::Timestamp;
use crate::model::packet::LinkType;

/// The unit of an interface's time stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ticks {
    /// Nanoseconds per tick (resolutions 10^0 to 10^-9).
    Nanos(u64),
    /// Ticks per nanosecond (10^-10 and finer).
    PerNano(u64),
    /// A tick is 2^-n seconds.
    Binary(u32),
}

impl Ticks {
    /// Parses `if_tsresol`: a power of ten, or of two if the highest bit is set.
    pub(super) fn from_resolution(resolution: u8) -> Ticks {
        let power = u32::from(resolution & 0x7f);
        match resolution {
            0x80.. => Ticks::Binary(power),
            0..=9 => Ticks::Nanos(10u64.pow(9 - power)),
            // 10^19 is the largest power in 64 bits; finer ticks count as zero time.
            _ => Ticks::PerNano(10u64.checked_pow(power - 9).unwrap_or(u64::MAX)),
        }
    }

    #[inline]
    pub(super) fn nanos(self, ticks: u64) -> u64 {
        match self {
            Ticks::Nanos(nanos) => ticks.saturating_mul(nanos),
            Ticks::PerNano(ticks_per_nano) => ticks / ticks_per_nano,
            // The product of 64 bits of ticks and 30 bits of nanoseconds fits into 128 bits.
            Ticks::Binary(power) => {
                let nanos = (u128::from(ticks) * 1_000_000_000).checked_shr(power).unwrap_or(0);
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
        }
    }
}

/// One interface of a section.
#[derive(Debug)]
pub(super) struct Interface {
    pub link: Result<LinkType, u32>,
    /// Captured bytes per packet; 0 means no limit.
    pub snaplen: u32,
    pub ticks: Ticks,
    pub offset_seconds: i64,
}

impl Interface {
    #[inline]
    pub(super) fn time(&self, high: u32, low: u32) -> Timestamp {
        let nanos = self.ticks.nanos(u64::from(high) << 32 | u64::from(low));
        if self.offset_seconds == 0 {
            return Timestamp::from_nanos(nanos);
        }
        let moment = i128::from(nanos) + i128::from(self.offset_seconds) * 1_000_000_000;
        Timestamp::from_nanos(u64::try_from(moment.max(0)).unwrap_or(u64::MAX))
    }
}
