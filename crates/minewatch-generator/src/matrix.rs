//! Many captures at once: every dialect with every disguise, every link and every cut.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::capture::{Capture, Order, Segmentation, record};
use crate::dialect::Dialect;
use crate::disguise::Disguise;
use crate::link::Link;
use crate::network::Network;
use crate::pcap;
use crate::truth;

/// Shares of each capture of the matrix: enough for a pool to change the difficulty.
const SHARES: usize = 12;
/// Shares where every byte is a packet, or a small file is wanted.
const FEW_SHARES: usize = 4;

/// Every dialect with every disguise that fits it, on plain Ethernet, and without: file name
/// without extension, and order.
pub fn disguises(seed: u64) -> Vec<(String, Order)> {
    let mut orders = Vec::new();
    for (index, &dialect) in Dialect::all().iter().enumerate() {
        let order = Order { shares: SHARES, ..Order::new(dialect, seed + index as u64) };
        orders.push((format!("{}/plain", dialect.name()), order.clone()));
        for &disguise in Disguise::all().iter().filter(|disguise| disguise.fits(dialect)) {
            let name = format!("{}/{}", dialect.name(), disguise.name());
            orders.push((name, Order { disguises: vec![disguise], ..order.clone() }));
        }
    }
    orders
}

/// One dialect on every link with IPv4, IPv6 and fragments, and in every cut; proxies, WebSocket
/// and HTTP in every cut, too.
pub fn links(seed: u64) -> Vec<(String, Order)> {
    let base = Order { shares: SHARES, ..Order::new(Dialect::Monero, seed) };
    let mut orders = Vec::new();
    for &link in Link::all() {
        for &network in Network::all() {
            let name = format!("links/{}-{}", link.name(), network.name());
            orders.push((name, Order { link, network, ..base.clone() }));
        }
    }
    for &segmentation in Segmentation::all() {
        let base = Order { segmentation, shares: FEW_SHARES, ..base.clone() };
        let dialects = [
            Dialect::Monero,
            Dialect::Bitcoin,
            Dialect::Equihash,
            Dialect::Browser,
            Dialect::GetWork,
            Dialect::StratumV2,
        ];
        for dialect in dialects {
            let name = format!("segmentation/{}-{}", segmentation.name(), dialect.name());
            orders.push((name, Order { dialect, ..base.clone() }));
        }
        for disguise in
            [Disguise::Socks5, Disguise::HttpConnect, Disguise::ProxyV2, Disguise::WebSocketDeflate]
        {
            let name = format!("segmentation/{}-{}", segmentation.name(), disguise.name());
            orders.push((name, Order { disguises: vec![disguise], ..base.clone() }));
        }
    }
    orders
}

/// A small capture of each dialect.
pub fn golden() -> Vec<(String, Order)> {
    let order = |(index, &dialect): (usize, &Dialect)| {
        let mut order = Order::new(dialect, 100 + index as u64);
        // Alephium's jobs and Equihash's shares are large.
        (order.shares, order.share_gap) = match dialect {
            Dialect::Alephium => (2, 4.0),
            Dialect::Equihash | Dialect::Verus | Dialect::Pearl => (4, 15.0),
            _ => (8, 15.0),
        };
        (dialect.name(), order)
    };
    Dialect::all().iter().enumerate().map(order).collect()
}

/// Writes captures and their truths into `folder`, and all the truths into `truth.json`. Those
/// that are equal to the dialect's plain capture, because the disguise has nothing to change
/// there, are left out. Returns the truths.
///
/// # Errors
/// Files that can not be written; orders that make no sense.
pub fn write(folder: &Path, orders: &[(String, Order)]) -> io::Result<Vec<truth::File>> {
    let mut truths = Vec::new();
    let mut plain = Vec::new();
    for (name, order) in orders {
        let file = format!("{name}.pcap");
        let capture = record(order, &file).map_err(io::Error::other)?;
        if order.disguises.is_empty() {
            plain.clone_from(&capture.frames);
        } else if capture.frames == plain {
            continue;
        }
        write_one(&folder.join(&file), &capture)?;
        truths.push(capture.truth);
    }
    write_truths(folder, &truths)?;
    Ok(truths)
}

/// Writes a capture, and its truth with the extension `.json`.
///
/// # Errors
/// Files that can not be written.
pub fn write_one(path: &Path, capture: &Capture) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut out = BufWriter::new(File::create(path)?);
    pcap::write(&mut out, capture.link_type, &capture.frames)?;
    out.flush()?;
    write_json(&path.with_extension("json"), &capture.truth)
}

/// Writes the truths of a folder's captures into its `truth.json`.
///
/// # Errors
/// A file that can not be written.
pub fn write_truths(folder: &Path, truths: &[truth::File]) -> io::Result<()> {
    write_json(&folder.join("truth.json"), truths)
}

fn write_json<T: serde::Serialize + ?Sized>(path: &Path, value: &T) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    fs::write(path, text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_captures_are_small() {
        for (name, order) in golden() {
            let capture = record(&order, &name).unwrap();
            assert!(capture.truth.bytes < 20_000, "{name}: {}", capture.truth.bytes);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        for (name, order) in disguises(1).into_iter().chain(links(1)).step_by(17) {
            let frames = |order: &Order| record(order, "").unwrap().frames;
            let first = frames(&order);
            assert!(first == frames(&order), "{name}");
            let other = Order { seed: order.seed + 1000, ..order.clone() };
            assert!(first != frames(&other), "{name}");
        }
    }

    #[test]
    fn every_order_can_be_recorded_and_only_what_mines_has_a_verdict() {
        for (name, order) in disguises(7).into_iter().chain(links(7)) {
            let capture = record(&order, &name).unwrap();
            let stream = &capture.truth.streams[0];
            assert_eq!(
                stream.submits,
                stream.submits_ok + stream.submits_error + stream.submits_unanswered,
                "{name}"
            );
            assert_eq!(capture.truth.packets, capture.frames.len());
        }
    }

    #[test]
    fn the_manual_names_everything_that_can_be_ordered() {
        let manual = include_str!("../../../docs/GENERATOR.md");
        let dialects = Dialect::all().iter().map(|one| one.name());
        let disguises = Disguise::all().iter().map(|one| one.name());
        let links = Link::all().iter().map(|one| one.name());
        let networks = Network::all().iter().map(|one| one.name());
        let cuts = Segmentation::all().iter().map(|one| one.name());
        let scenes = crate::look_alike::all().into_iter().map(|(name, _)| name.to_owned());
        for name in dialects.chain(disguises).chain(links).chain(networks).chain(cuts).chain(scenes)
        {
            assert!(manual.contains(&format!("| `{name}` |")), "{name}");
        }
    }
}
