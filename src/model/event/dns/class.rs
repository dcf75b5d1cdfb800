//! Classes of DNS questions (IANA).

use dns_parser::QueryClass;

/// The Internet.
pub const IN: u16 = QueryClass::IN as u16;
/// Chaosnet; name servers use it to report facts about themselves.
pub const CH: u16 = QueryClass::CH as u16;
/// Hesiod.
pub const HS: u16 = QueryClass::HS as u16;
/// Any class, in questions.
pub const ANY: u16 = QueryClass::Any as u16;
/// No class (RFC 2136 §2.4); `dns-parser` lacks it.
pub const NONE: u16 = 254;
