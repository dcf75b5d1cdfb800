//! What packets of each link type begin with.

use super::layer::{Layer, LayerStep, skip};
use super::stats::DecodeStop;
use super::stop::Stop;
use super::unknown::UnknownValue;
use super::wifi::{self, FrameControl};
use super::{frame_relay, link, metadata, switch_tag};
use crate::model::LinkInfo;
use crate::model::packet::LinkType;

/// The step from the first byte of a packet to its first layer, and the sender's address where a
/// header of this link type has it.
#[inline(never)]
pub(super) fn first<'a>(
    link: LinkType,
    bytes: &'a [u8],
    info: &mut LinkInfo,
) -> Result<LayerStep<'a>, Stop> {
    let step = match link {
        LinkType::ETHERNET | LinkType::DSA_TAG_EDSA => LayerStep::new(Layer::Ethernet, bytes),
        // Some writers put both versions under the link type of one.
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => link::ip(bytes)?,
        LinkType::NFLOG => link::ip(metadata::nflog(bytes)?)?,
        LinkType::PFLOG => link::ip(metadata::pflog(bytes)?)?,
        LinkType::ENC => link::ip(metadata::enc(bytes)?)?,
        LinkType::PKTAP => metadata::pktap(bytes)?,
        LinkType::PPI => metadata::ppi(bytes)?,
        LinkType::JUNIPER_ETHER => metadata::juniper_ether(bytes)?,
        LinkType::LINUX_SLL => link::cooked(bytes, info)?,
        LinkType::LINUX_SLL2 => link::cooked2(bytes, info)?,
        LinkType::NULL | LinkType::LOOP => link::loopback(bytes)?,
        LinkType::PPP => link::ppp(bytes)?,
        LinkType::PPP_HDLC | LinkType::C_HDLC => link::hdlc(bytes)?,
        // The direction, then the frame.
        LinkType::PPP_WITH_DIR | LinkType::C_HDLC_WITH_DIR => link::hdlc(skip(bytes, 1)?)?,
        LinkType::PPP_ETHER => link::pppoe(bytes)?,
        LinkType::FRELAY => frame_relay::frame(bytes)?,
        LinkType::FRELAY_WITH_DIR => frame_relay::frame(skip(bytes, 1)?)?,
        LinkType::DSA_TAG_DSA => switch_tag::dsa(bytes, info)?,
        LinkType::DSA_TAG_BRCM => switch_tag::after_addresses(bytes, 4, info)?,
        LinkType::DSA_TAG_BRCM_PREPEND => LayerStep::new(Layer::Ethernet, skip(bytes, 4)?),
        LinkType::IEEE802_11 => wifi::frame(bytes, FrameControl::Plain, false, info)?,
        LinkType::IEEE802_11_RADIOTAP => {
            let (frame, padded) = wifi::radiotap(bytes)?;
            wifi::frame(frame, FrameControl::Plain, padded, info)?
        }
        LinkType::IEEE802_11_PRISM => {
            wifi::frame(wifi::prism(bytes)?, FrameControl::Plain, false, info)?
        }
        LinkType::IEEE802_11_AVS => {
            wifi::frame(wifi::avs(bytes)?, FrameControl::Plain, false, info)?
        }
        LinkType(value) => {
            return Err(Stop::new(DecodeStop::LinkType, UnknownValue::LinkType(value)));
        }
    };
    Ok(step)
}
