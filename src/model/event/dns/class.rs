//! Classes of DNS questions (IANA).

use dns_parser::QueryClass;

/// The Internet.
pub const IN: u16 = QueryClass::IN as u16;
/// Chaosnet, which name servers use to tell of themselves.
pub const CH: u16 = QueryClass::CH as u16;
/// Hesiod.
pub const HS: u16 = QueryClass::HS as u16;
/// Any class, in questions.
pub const ANY: u16 = QueryClass::Any as u16;
/// RFC 2136 §2.4; `dns-parser` leaves it out.
pub const NONE: u16 = 254;
