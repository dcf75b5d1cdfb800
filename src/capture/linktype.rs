//! The supported link types, and their numbers in files and on platforms.
//!
//! Files carry `LINKTYPE_` values, libpcap's handles carry `DLT_` values. Among the supported link
//! types they differ for raw IP and PKTAP (<https://www.tcpdump.org/linktypes.html>).

use crate::model::packet::LinkType;

/// `DLT_RAW` on Linux; older writers put it into files unchanged.
const DLT_RAW: i32 = 12;
/// `DLT_RAW` on OpenBSD.
const DLT_RAW_OPENBSD: i32 = 14;
/// `DLT_PKTAP` on Darwin, which uses a number reserved for private use.
const DLT_PKTAP_DARWIN: i32 = 149;

/// Link types that `decode` can decode.
const SUPPORTED: [LinkType; 30] = [
    LinkType::NULL,
    LinkType::ETHERNET,
    LinkType::PPP,
    LinkType::PPP_HDLC,
    LinkType::PPP_ETHER,
    LinkType::RAW,
    LinkType::C_HDLC,
    LinkType::IEEE802_11,
    LinkType::FRELAY,
    LinkType::LOOP,
    LinkType::ENC,
    LinkType::LINUX_SLL,
    LinkType::PFLOG,
    LinkType::IEEE802_11_PRISM,
    LinkType::IEEE802_11_RADIOTAP,
    LinkType::IEEE802_11_AVS,
    LinkType::JUNIPER_ETHER,
    LinkType::PPI,
    LinkType::PPP_WITH_DIR,
    LinkType::C_HDLC_WITH_DIR,
    LinkType::FRELAY_WITH_DIR,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::NFLOG,
    LinkType::PKTAP,
    LinkType::LINUX_SLL2,
    LinkType::DSA_TAG_BRCM,
    LinkType::DSA_TAG_BRCM_PREPEND,
    LinkType::DSA_TAG_DSA,
    LinkType::DSA_TAG_EDSA,
];

/// Maps the number from a file header or a handle to its link type.
///
/// Fails with the number itself if the link type is not supported.
pub(super) fn supported(value: u32) -> Result<LinkType, u32> {
    let link = match i32::try_from(value) {
        Ok(DLT_RAW | DLT_RAW_OPENBSD) => LinkType::RAW,
        Ok(DLT_PKTAP_DARWIN) => LinkType::PKTAP,
        _ => LinkType(u16::try_from(value).map_err(|_| value)?),
    };
    if SUPPORTED.contains(&link) { Ok(link) } else { Err(value) }
}

/// The `DLT_` number for which libpcap compiles filters.
pub(super) fn dlt(link: LinkType) -> pcap::Linktype {
    pcap::Linktype(match link {
        LinkType::RAW => DLT_RAW,
        LinkType(value) => i32::from(value),
    })
}

/// The number and, if libpcap knows one, the name: `195 (IEEE802_15_4)`.
pub(super) fn describe(value: u32) -> String {
    let name = i32::try_from(value).ok().and_then(|v| pcap::Linktype(v).get_name().ok());
    match name {
        Some(name) => format!("{value} ({name})"),
        None => value.to_string(),
    }
}

/// All supported link types, Ethernet first.
pub(super) fn all() -> impl Iterator<Item = LinkType> {
    let others = SUPPORTED.into_iter().filter(|&link| link != LinkType::ETHERNET);
    std::iter::once(LinkType::ETHERNET).chain(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_ip_goes_by_three_numbers() {
        for value in [12, 14, 101] {
            assert_eq!(supported(value), Ok(LinkType::RAW));
        }
    }

    #[test]
    fn pktap_goes_by_two_numbers() {
        assert_eq!((supported(149), supported(258)), (Ok(LinkType::PKTAP), Ok(LinkType::PKTAP)));
    }

    #[test]
    fn an_unknown_number_is_given_back_with_its_name() {
        assert_eq!(supported(147), Err(147));
        assert_eq!(supported(0x1_0001), Err(0x1_0001));
        assert_eq!(describe(195), "195 (IEEE802_15_4)");
        assert_eq!(describe(0x1_0001), "65537");
    }
}
