//! Classes of DNS questions (IANA).

use dns_parser::QueryClass;

pub const IN: u16 = QueryClass::IN as u16;
pub const CH: u16 = QueryClass::CH as u16;
pub const HS: u16 = QueryClass::HS as u16;
pub const ANY: u16 = QueryClass::Any as u16;
/// RFC 2136 §2.4; `dns-parser` leaves it out.
pub const NONE: u16 = 254;
