//! The header of a DNS message (RFC 1035 §4.1.1).

/// The four sections after the header, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Question,
    Answer,
    Authority,
    Additional,
}

/// Opcodes (IANA) of messages that name a host somebody wants to reach, or its zone.
const QUERY: u8 = 0;
const NOTIFY: u8 = 4;
const UPDATE: u8 = 5;

/// Bytes of the shortest question: root, TYPE and CLASS.
const SHORTEST_QUESTION: usize = 5;
/// Bytes of the shortest record: root, TYPE, CLASS, TTL and RDLENGTH.
const SHORTEST_RECORD: usize = 11;
/// Longest message, in bytes: TCP messages and datagrams both have 16-bit lengths.
const LONGEST_MESSAGE: usize = u16::MAX as usize;

#[derive(Clone, Copy, Debug)]
pub(super) struct DnsHeader {
    pub id: u16,
    flags: u16,
    counts: [u16; 4],
}

impl DnsHeader {
    pub(super) const LEN: usize = 12;

    pub(super) fn read(message: &[u8]) -> Option<DnsHeader> {
        let words: &[u8; Self::LEN] = message.first_chunk()?;
        let [i0, i1, f0, f1, q0, q1, a0, a1, n0, n1, x0, x1] = *words;
        Some(DnsHeader {
            id: u16::from_be_bytes([i0, i1]),
            flags: u16::from_be_bytes([f0, f1]),
            counts: [[q0, q1], [a0, a1], [n0, n1], [x0, x1]].map(u16::from_be_bytes),
        })
    }

    /// The QR bit.
    pub(super) const fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    pub(super) const fn opcode(&self) -> u8 {
        (self.flags >> 11 & 0x0f) as u8
    }

    /// The TC bit.
    pub(super) const fn is_truncated(&self) -> bool {
        self.flags & 0x0200 != 0
    }

    /// The lower four bits of the response code.
    pub(super) const fn rcode(&self) -> u16 {
        self.flags & 0x000f
    }

    /// Number of entries that the header announces for a section.
    pub(super) const fn count(&self, section: Section) -> u16 {
        self.counts[section as usize]
    }

    /// Whether a message of `length` bytes can hold all announced entries.
    pub(super) fn fits(&self, length: usize) -> bool {
        let [questions, records @ ..] = self.counts.map(usize::from);
        let records: usize = records.iter().sum();
        Self::LEN + questions * SHORTEST_QUESTION + records * SHORTEST_RECORD <= length
    }

    /// Whether `length` bytes after the questions can be the announced records. With no records,
    /// `length` must be 0.
    pub(super) fn records_fill(&self, length: usize) -> bool {
        let [_, records @ ..] = self.counts.map(usize::from);
        match records.iter().sum::<usize>() {
            0 => length == 0,
            records => records * SHORTEST_RECORD <= length,
        }
    }

    /// Whether a message of any length can hold the announced entries. A query needs at least one.
    ///
    /// Responses may have none: servers answer a message they could not read with a bare header.
    pub(super) fn is_plausible(&self) -> bool {
        self.fits(LONGEST_MESSAGE) && (self.is_response() || self.counts != [0; 4])
    }

    /// Whether the header is like those of nearly all DNS messages. Other protocols rarely match.
    pub(super) fn is_usual(&self) -> bool {
        let [questions, answers, ..] = self.counts;
        let opcode = self.opcode();
        questions == 1
            && matches!(opcode, QUERY | NOTIFY | UPDATE)
            && (self.is_response() || self.rcode() == 0)
            && (self.is_response() || opcode != QUERY || answers == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(flags: u16, counts: [u16; 4]) -> DnsHeader {
        DnsHeader { id: 0, flags, counts }
    }

    #[test]
    fn the_fields_are_where_the_rfc_puts_them() {
        let bytes = [
            0x12, 0x34, // ID
            0xab, 0xc3, // QR, Opcode 5, TC, RD; RA, Z, RCODE 3
            0, 1, 0, 2, 0, 3, 0, 4,
        ];
        let header = DnsHeader::read(&bytes).unwrap();
        assert_eq!((header.id, header.opcode(), header.rcode()), (0x1234, 5, 3));
        assert!(header.is_response() && header.is_truncated());
        assert_eq!(header.counts, [1, 2, 3, 4]);
        assert!(DnsHeader::read(&bytes[..11]).is_none());
    }

    #[test]
    fn a_header_that_announces_too_much_or_nothing_is_implausible() {
        assert!(header(0x0100, [1, 0, 0, 1]).is_plausible());
        assert!(header(0x0100, [255, 0, 0, 0]).is_plausible());
        assert!(header(0x8181, [0; 4]).is_plausible());
        assert!(!header(0x0100, [0; 4]).is_plausible());
        assert!(!header(0x0100, [1, 0, 6000, 0]).is_plausible());
        assert!(!header(0x0100, [14_000, 0, 0, 0]).is_plausible());
    }

    #[test]
    fn a_query_that_looks_like_an_answer_is_unusual() {
        assert!(header(0x0100, [1, 0, 0, 1]).is_usual());
        assert!(header(0x8183, [1, 0, 1, 0]).is_usual());
        assert!(header(0x2400, [1, 1, 0, 0]).is_usual(), "NOTIFY carries the new SOA");
        assert!(!header(0x0100, [1, 1, 0, 0]).is_usual());
        assert!(!header(0x0103, [1, 0, 0, 0]).is_usual());
        assert!(!header(0x0100, [2, 0, 0, 0]).is_usual());
    }
}
