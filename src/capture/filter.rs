//! A BPF filter (tcpdump's language) for packets of files.

use crate::model::packet::LinkType;
use crate::model::{PacketBatch, packet::PacketRecord};

use super::linktype;
use super::problem::{CaptureError, ProblemReason};
use super::stats::CaptureStats;

/// Checks that an expression compiles for at least one supported link type.
///
/// # Errors
/// [`CaptureError::Filter`] with libpcap's reason.
pub fn check_filter(expression: &str) -> Result<(), CaptureError> {
    PacketFilter::new(expression).map(|_| ())
}

/// A filter expression, compiled for each link type that occurs.
pub(super) struct PacketFilter {
    expression: String,
    /// One entry per supported link type that occurred; `None` if the expression does not
    /// compile for it.
    programs: Vec<(LinkType, Option<pcap::BpfProgram>)>,
}

impl PacketFilter {
    /// Fails if the expression compiles for none of the supported link types.
    pub(super) fn new(expression: &str) -> Result<PacketFilter, CaptureError> {
        let mut first = None;
        for link in linktype::all() {
            match compile(expression, link) {
                Ok(_) => {
                    return Ok(PacketFilter {
                        expression: expression.to_owned(),
                        programs: Vec::new(),
                    });
                }
                Err(reason) => first.get_or_insert(reason),
            };
        }
        Err(CaptureError::Filter {
            expression: expression.to_owned(),
            reason: first.map(|error| error_text(&error)).unwrap_or_default(),
        })
    }

    /// Removes the packets that the filter rejects. `name` is their file, for problems.
    pub(super) fn apply(&mut self, batch: &mut PacketBatch, stats: &mut CaptureStats, name: &str) {
        for record in &batch.records {
            self.prepare(record, stats, name);
        }
        let PacketBatch { bytes, records, .. } = batch;
        let before = records.len();
        records.retain(|record| {
            let start = record.offset as usize;
            let packet = bytes.get(start..start + record.captured as usize).unwrap_or_default();
            self.program(record.link).is_some_and(|program| program.filter(packet))
        });
        stats.filtered += (before - records.len()) as u64;
    }

    /// Compiles the expression for the record's link type, if that is new.
    fn prepare(&mut self, record: &PacketRecord, stats: &mut CaptureStats, name: &str) {
        if self.programs.iter().any(|(link, _)| *link == record.link) {
            return;
        }
        let program = compile(&self.expression, record.link);
        if let Err(error) = &program {
            let reason = error_text(error);
            let link_type = record.link.0;
            stats.report(name, None, ProblemReason::FilterMismatch { link_type, reason });
        }
        self.programs.push((record.link, program.ok()));
    }

    fn program(&self, link: LinkType) -> Option<&pcap::BpfProgram> {
        self.programs.iter().find(|(l, _)| *l == link)?.1.as_ref()
    }
}

fn compile(expression: &str, link: LinkType) -> Result<pcap::BpfProgram, pcap::Error> {
    pcap::Capture::dead(linktype::dlt(link)).and_then(|dead| dead.compile(expression, true))
}

/// libpcap's message, without the text that the `pcap` crate adds.
fn error_text(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    /// IPv4, no options, protocol 6, then 20 bytes of TCP.
    fn ipv4_tcp() -> Vec<u8> {
        let mut packet = vec![0u8; 40];
        packet[0] = 0x45;
        packet[3] = 40;
        packet[9] = 6;
        packet
    }

    #[test]
    fn the_expression_is_compiled_for_each_link_type() {
        let mut filter = PacketFilter::new("tcp").expect("a good filter");
        let mut batch = PacketBatch::default();
        let ethernet = [&[0u8; 12][..], &[8, 0], &ipv4_tcp()].concat();
        for (link, packet) in [
            (LinkType::ETHERNET, &ethernet),
            (LinkType::ETHERNET, &ipv4_tcp()),
            (LinkType::RAW, &ipv4_tcp()),
            (LinkType::RAW, &ethernet),
        ] {
            batch.push(Timestamp::ZERO, link, 60, packet);
        }
        let mut stats = CaptureStats::default();
        filter.apply(&mut batch, &mut stats, "test");
        let links: Vec<_> = batch.packets().map(|p| p.link).collect();
        assert_eq!(links, [LinkType::ETHERNET, LinkType::RAW]);
        assert_eq!((stats.filtered, stats.problems.len()), (2, 0));
    }

    #[test]
    fn a_bad_expression_is_quoted_with_advice() {
        let error = PacketFilter::new("tcp prot 80").err().expect("an error").to_string();
        assert!(error.contains("tcp prot 80") && error.contains("pcap-filter"), "{error}");
    }

    #[test]
    fn a_filter_that_does_not_fit_a_link_type_is_reported_once() {
        let mut filter = PacketFilter::new("ether host 02:00:00:00:00:01").expect("fits Ethernet");
        let mut stats = CaptureStats::default();
        for _ in 0..2 {
            let mut batch = PacketBatch::default();
            batch.push(Timestamp::ZERO, LinkType::RAW, 40, &ipv4_tcp());
            filter.apply(&mut batch, &mut stats, "raw.pcap");
            assert!(batch.records.is_empty());
        }
        assert_eq!((stats.filtered, stats.problems.len()), (2, 1));
    }
}
