//! Types of DNS records (IANA): their numbers and names.

use dns_parser::{QueryType, Type};

/// Defines the constants and [`name`] from one list.
macro_rules! record_types {
    ($($name:ident = $number:expr,)*) => {
        $(
            #[allow(missing_docs)] // names of the registry
            pub const $name: u16 = $number;
        )*

        /// Returns the name of a type, or `None` if the list lacks it.
        pub const fn name(number: u16) -> Option<&'static str> {
            match number {
                $($name => Some(stringify!($name)),)*
                _ => None,
            }
        }
    };
}

record_types! {
    A = Type::A as u16,
    NS = Type::NS as u16,
    CNAME = Type::CNAME as u16,
    SOA = Type::SOA as u16,
    NULL = Type::NULL as u16,
    PTR = Type::PTR as u16,
    HINFO = Type::HINFO as u16,
    MX = Type::MX as u16,
    TXT = Type::TXT as u16,
    AAAA = Type::AAAA as u16,
    SRV = Type::SRV as u16,
    OPT = Type::OPT as u16,
    NSEC = Type::NSEC as u16,
    AXFR = QueryType::AXFR as u16,
    ANY = QueryType::All as u16,
    // Types that `dns-parser` lacks.
    NAPTR = 35,
    DNAME = 39,
    DS = 43,
    SSHFP = 44,
    RRSIG = 46,
    DNSKEY = 48,
    NSEC3 = 50,
    TLSA = 52,
    SVCB = 64,
    HTTPS = 65,
    SPF = 99,
    IXFR = 251,
    URI = 256,
    CAA = 257,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_the_number_and_the_name_that_iana_gives_it() {
        for (number, expected) in [
            (1, "A"),
            (2, "NS"),
            (5, "CNAME"),
            (6, "SOA"),
            (10, "NULL"),
            (12, "PTR"),
            (13, "HINFO"),
            (15, "MX"),
            (16, "TXT"),
            (28, "AAAA"),
            (33, "SRV"),
            (35, "NAPTR"),
            (39, "DNAME"),
            (41, "OPT"),
            (43, "DS"),
            (44, "SSHFP"),
            (46, "RRSIG"),
            (47, "NSEC"),
            (48, "DNSKEY"),
            (50, "NSEC3"),
            (52, "TLSA"),
            (64, "SVCB"),
            (65, "HTTPS"),
            (99, "SPF"),
            (251, "IXFR"),
            (252, "AXFR"),
            (255, "ANY"),
            (256, "URI"),
            (257, "CAA"),
        ] {
            assert_eq!(name(number), Some(expected));
        }
        assert_eq!((0..=u16::MAX).filter_map(name).count(), 29);
    }
}
