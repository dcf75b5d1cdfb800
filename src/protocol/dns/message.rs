//! Walks the sections of a DNS message (RFC 1035 §4.1).

use std::ops::Range;

use super::header::{DnsHeader, Section};
use super::name::{self, WalkEnd};
use super::record;
use crate::model::event::DnsMessage;
use crate::model::event::dns::{Answer, AnswerData, DnsAnomalies, Question, class, record_type};
use crate::protocol::spare_names::SpareNames;

/// Most questions and records read of one message.
///
/// The largest honest round-robin sets have a few dozen. A datagram can hold thousands, each with a
/// name to decode.
const MAX_ENTRIES: usize = 64;

/// Reads `bytes`, which begin with `header`, into `message` and replaces its earlier content.
///
/// With `brief`, answers get no owner names, and the sections after the answers are not read.
pub(super) fn read(
    header: &DnsHeader,
    bytes: &[u8],
    brief: bool,
    message: &mut DnsMessage,
    spare: &mut SpareNames,
) {
    spare.empty(message);
    message.id = header.id;
    message.response = header.is_response();
    message.opcode = header.opcode();
    message.rcode = header.rcode();
    message.truncated = header.is_truncated();
    message.anomalies = DnsAnomalies::default();
    let mut walk = Walk { bytes, at: DnsHeader::LEN, entries: 0, brief, message, spare };
    let end = walk.sections(header);
    let trailing = walk.at < bytes.len();
    let anomalies = &mut message.anomalies;
    match end {
        Ok(()) => anomalies.trailing_bytes = trailing,
        Err(WalkEnd::Short) => anomalies.short_sections = true,
        Err(WalkEnd::Name) => anomalies.bad_name = true,
        // Not a malformation: the entries that were read are complete.
        Err(WalkEnd::Limit) => {}
    }
}

/// Returns the owner of the first answer or additional record whose type and data are `wanted`.
///
/// Returns `None` if there is none, if the message does not hold all entries that its header
/// announces, or if it has more than [`MAX_ENTRIES`].
pub(in crate::protocol) fn owner(
    bytes: &[u8],
    wanted: impl Fn(u16, &[u8]) -> bool,
) -> Option<String> {
    let header = DnsHeader::read(bytes)?;
    let (message, spare) = (&mut DnsMessage::default(), &mut SpareNames::default());
    let mut walk = Walk { bytes, at: DnsHeader::LEN, entries: 0, brief: true, message, spare };
    for _ in 0..header.count(Section::Question) {
        walk.count().ok()?;
        walk.at = name::skip(bytes, walk.at).ok()?;
        walk.take::<4>()?;
    }
    let mut found = None;
    for section in [Section::Answer, Section::Authority, Section::Additional] {
        for _ in 0..header.count(section) {
            let start = walk.at;
            let record = walk.unnamed_record().ok()?;
            let is_wanted = || wanted(record.rtype, bytes.get(record.data).unwrap_or_default());
            if section != Section::Authority && found.is_none() && is_wanted() {
                found = Some(start);
            }
        }
    }
    name::utf8(bytes, found?)
}

/// Whether `bytes`, which begin with `header`, can be DNS.
///
/// They need a question or possible counts. A message that holds fewer entries than its header
/// announces is still DNS.
pub(super) fn is_plausible(header: &DnsHeader, bytes: &[u8]) -> bool {
    header.is_plausible() || header.count(Section::Question) > 0 && has_question(bytes)
}

fn has_question(bytes: &[u8]) -> bool {
    let fields = name::skip(bytes, DnsHeader::LEN).ok().and_then(|end| bytes.get(end..));
    match fields.and_then(|fields| fields.first_chunk()) {
        Some(&[_, _, c0, c1]) => is_class(u16::from_be_bytes([c0, c1])),
        None => false,
    }
}

/// Whether a message has no malformation and asks only in classes that exist.
pub(super) fn is_exact(message: &DnsMessage) -> bool {
    let anomalies = message.anomalies;
    let broken = anomalies.short_sections || anomalies.bad_name || anomalies.trailing_bytes;
    !broken && message.questions.iter().all(|question| is_class(question.qclass))
}

/// Whether a question can have this class.
pub(super) fn is_class(qclass: u16) -> bool {
    matches!(qclass, class::IN | class::CH | class::HS | class::NONE | class::ANY)
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    entries: usize,
    brief: bool,
    message: &'a mut DnsMessage,
    spare: &'a mut SpareNames,
}

/// A resource record without its owner name (RFC 1035 §4.1.3).
struct WalkedRecord {
    rtype: u16,
    ttl: u32,
    data: Range<usize>,
}

impl Walk<'_> {
    fn sections(&mut self, header: &DnsHeader) -> Result<(), WalkEnd> {
        for _ in 0..header.count(Section::Question) {
            self.question()?;
        }
        for _ in 0..header.count(Section::Answer) {
            self.answer()?;
        }
        if self.brief {
            return Ok(());
        }
        for _ in 0..header.count(Section::Authority) {
            self.unnamed_record()?;
        }
        for _ in 0..header.count(Section::Additional) {
            let record = self.unnamed_record()?;
            if record.rtype == record_type::OPT {
                self.message.rcode = self.message.rcode & 0x000f | (record.ttl >> 24 << 4) as u16;
            }
        }
        Ok(())
    }

    fn question(&mut self) -> Result<(), WalkEnd> {
        self.count()?;
        let (name, is_good) = self.name()?;
        let fields = self.take();
        if is_good {
            // A capture can be cut after the name; the name alone is worth keeping.
            let [t0, t1, c0, c1] = fields.unwrap_or_default();
            let (qtype, qclass) = (u16::from_be_bytes([t0, t1]), u16::from_be_bytes([c0, c1]));
            self.message.questions.push(Question { name, qtype, qclass });
        } else {
            self.spare.put_name(name);
        }
        fields.map(|_| ()).ok_or(WalkEnd::Short)
    }

    fn answer(&mut self) -> Result<(), WalkEnd> {
        self.count()?;
        let name = if self.brief {
            self.at = name::skip(self.bytes, self.at)?;
            String::new()
        } else {
            self.name()?.0
        };
        let WalkedRecord { rtype, ttl, data } = match self.record() {
            Ok(record) => record,
            Err(stop) => {
                self.spare.put_name(name);
                return Err(stop);
            }
        };
        let data = record::read(self.bytes, rtype, data, self.spare);
        self.message.anomalies.bad_name |= data.is_none();
        let data = data.unwrap_or(AnswerData::Other);
        self.message.answers.push(Answer { name, rtype, ttl, data });
        Ok(())
    }

    fn unnamed_record(&mut self) -> Result<WalkedRecord, WalkEnd> {
        self.count()?;
        self.at = name::skip(self.bytes, self.at)?;
        self.record()
    }

    fn count(&mut self) -> Result<(), WalkEnd> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES { Err(WalkEnd::Limit) } else { Ok(()) }
    }

    /// Reads the next name. Returns its text and true, or an empty text and false if it cannot be
    /// decoded but its end is known.
    fn name(&mut self) -> Result<(String, bool), WalkEnd> {
        let mut text = self.spare.name();
        if let Some(end) = name::read(self.bytes, self.at, &mut text) {
            self.at = end;
            return Ok((text, true));
        }
        text.clear();
        match name::skip(self.bytes, self.at) {
            Ok(end) => {
                self.at = end;
                self.message.anomalies.bad_name = true;
                Ok((text, false))
            }
            Err(stop) => {
                self.spare.put_name(text);
                Err(stop)
            }
        }
    }

    fn record(&mut self) -> Result<WalkedRecord, WalkEnd> {
        let [t0, t1, _, _, l0, l1, l2, l3, d0, d1] = self.take().ok_or(WalkEnd::Short)?;
        let end = self.at + usize::from(u16::from_be_bytes([d0, d1]));
        let data = self.at..end;
        if end > self.bytes.len() {
            return Err(WalkEnd::Short);
        }
        self.at = end;
        let ttl = u32::from_be_bytes([l0, l1, l2, l3]);
        Ok(WalkedRecord { rtype: u16::from_be_bytes([t0, t1]), ttl, data })
    }

    /// Reads the next `N` bytes; `None` if fewer are left.
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = *self.bytes.get(self.at..)?.first_chunk()?;
        self.at += N;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> DnsMessage {
        read_as(bytes, false)
    }

    fn read_as(bytes: &[u8], brief: bool) -> DnsMessage {
        let mut message = DnsMessage::default();
        read(
            &DnsHeader::read(bytes).unwrap(),
            bytes,
            brief,
            &mut message,
            &mut SpareNames::default(),
        );
        message
    }

    /// A message with a question about `pool.example`, these flags and counts, and `rest` after it.
    fn about_pool(flags: u16, counts: [u16; 4], rest: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0xbe, 0xef];
        bytes.extend(flags.to_be_bytes());
        bytes.extend(counts.iter().flat_map(|count| count.to_be_bytes()));
        bytes.extend(b"\x04pool\x07example\0\0\x01\0\x01"); // offset 12; A, IN
        bytes.extend(rest.concat());
        bytes
    }

    /// A record whose owner is a pointer to the question, with class IN and TTL 300.
    fn about_question(rtype: u8, data: &[u8]) -> Vec<u8> {
        let head = [0xc0, 12, 0, rtype, 0, 1, 0, 0, 1, 0x2c, 0, data.len() as u8];
        [&head[..], data].concat()
    }

    fn question(qtype: u16) -> Question {
        Question { name: "pool.example".into(), qtype, qclass: 1 }
    }

    fn answer(rtype: u16, data: AnswerData) -> Answer {
        Answer { name: "pool.example".into(), rtype, ttl: 300, data }
    }

    #[test]
    fn a_query_is_its_question() {
        // EDNS: root, OPT, 1232 bytes, no flags, no data
        let opt = [0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0];
        let message = parse(&about_pool(0x0100, [1, 0, 0, 1], &[&opt]));
        let expected =
            DnsMessage { id: 0xbeef, questions: vec![question(1)], ..DnsMessage::default() };
        assert_eq!(message, expected);
        assert!(is_exact(&message));
    }

    #[test]
    fn a_response_has_its_chain_of_names_and_its_addresses() {
        let message = parse(&about_pool(
            0x8180,
            [1, 4, 1, 1],
            &[
                &about_question(5, b"\x02eu\xc0\x0c"), // CNAME; its data begins at 42
                b"\xc0\x2a\0\x01\0\x01\0\0\0\x3c\0\x04\xc6\x33\x64\x09", // A, TTL 60
                &about_question(28, b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"),
                &about_question(46, b"a signature"), // RRSIG
                &about_question(2, b"\xc0\x0c"),     // NS, in the authority section
                b"\0\0\x29\x10\0\x01\0\0\0\0\0",     // OPT with the upper bits of rcode 16
            ],
        ));
        assert!(message.response);
        assert_eq!(message.rcode, 16);
        assert_eq!(message.anomalies, DnsAnomalies::default());
        let address = |text: &str| AnswerData::Address(text.parse().unwrap());
        assert_eq!(
            message.answers,
            [
                answer(5, AnswerData::Name("eu.pool.example".into())),
                Answer {
                    name: "eu.pool.example".into(),
                    rtype: 1,
                    ttl: 60,
                    data: address("198.51.100.9")
                },
                answer(28, address("2001:db8::1")),
                answer(46, AnswerData::Other),
            ]
        );
    }

    #[test]
    fn names_behind_other_fields_are_found() {
        let name = |text: &str| AnswerData::Name(text.into());
        for (rtype, data, expected) in [
            (2, &b"\x02ns\xc0\x0c"[..], name("ns.pool.example")),
            (12, b"\x01h\0", name("h")),
            (15, b"\0\x0a\x02mx\xc0\x0c", name("mx.pool.example")), // preference 10
            (33, b"\0\0\0\0\x0d\x05\x01s\xc0\x0c", name("s.pool.example")), // port 3333
            (39, b"\x01d\0", name("d")),
        ] {
            let bytes = about_pool(0x8180, [1, 1, 0, 0], &[&about_question(rtype, data)]);
            assert_eq!(parse(&bytes).answers, [answer(rtype.into(), expected)]);
        }
    }

    #[test]
    fn a_service_has_hints_of_both_families() {
        let data = [
            &[0, 1, 0][..],                            // priority 1, the owner itself
            &[0, 1, 0, 3, 2, b'h', b'2'],              // alpn=h2
            &[0, 4, 0, 8, 192, 0, 2, 1, 192, 0, 2, 2], // ipv4hint
            &[0, 5, 0, 2, 0xfe, 0x0d],                 // ech
            &[&[0, 6, 0, 16, 0x20, 1, 0xd, 0xb8][..], &[0; 11], &[1]].concat(), // ipv6hint
        ]
        .concat();
        let bytes = about_pool(0x8180, [1, 1, 0, 0], &[&about_question(65, &data)]);
        let hints = ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map(|ip| ip.parse().unwrap());
        let service = AnswerData::Service { target: String::new(), hints: hints.to_vec() };
        assert_eq!(parse(&bytes).answers, [answer(65, service)]);
    }

    #[test]
    fn a_service_with_a_cut_parameter_keeps_what_came_before() {
        let data = b"\0\0\x01t\0\0\x04\0\x04\xc0\0\x02\x01\0\x06\0\x10\x20\x01"; // ipv6hint of 2 bytes
        let bytes = about_pool(0x8180, [1, 1, 0, 0], &[&about_question(64, data)]);
        let hints = vec!["192.0.2.1".parse().unwrap()];
        let service = AnswerData::Service { target: "t".into(), hints };
        assert_eq!(parse(&bytes).answers, [answer(64, service)]);
    }

    #[test]
    fn a_truncated_message_keeps_its_question() {
        let whole = about_pool(0x8380, [1, 1, 0, 0], &[&about_question(1, &[192, 0, 2, 1])]);
        for length in 31..whole.len() {
            let message = parse(&whole[..length]);
            assert!(message.truncated && message.anomalies.short_sections);
            assert_eq!(
                (message.questions.as_slice(), message.answers.len()),
                (&[question(1)][..], 0)
            );
        }
        let cut = parse(&whole[..28]);
        assert_eq!(cut.questions[0].name, "pool.example", "even without its type");
        assert!(cut.anomalies.short_sections);
    }

    #[test]
    fn oddities_are_noted_and_do_not_hide_the_question() {
        let address = about_question(1, &[192, 0, 2, 1]);
        let loop_at_30 = [0xc0, 30, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0];
        let read = |flags, counts, rest: &[&[u8]]| {
            let message = parse(&about_pool(flags, counts, rest));
            assert_eq!(message.questions, [question(1)]);
            (message.anomalies, message.answers.len())
        };
        let none = DnsAnomalies::default();
        let (anomalies, _) = read(0x0140, [1, 0, 0, 0], &[]);
        assert_eq!(anomalies, none, "the reserved bit");
        let (anomalies, _) = read(0x0100, [255, 0, 0, 0], &[]);
        assert_eq!(anomalies, DnsAnomalies { short_sections: true, ..none });
        let (anomalies, _) = read(0x0100, [1, 0, 0, 0], &[b"more"]);
        assert_eq!(anomalies, DnsAnomalies { trailing_bytes: true, ..none });
        let (anomalies, answers) = read(0x8180, [1, 2, 0, 0], &[&loop_at_30, &address]);
        assert_eq!((anomalies, answers), (DnsAnomalies { bad_name: true, ..none }, 2));
        let (anomalies, answers) = read(0x8180, [1, 2, 0, 0], &[b"\x80label", &address]);
        assert_eq!((anomalies, answers), (DnsAnomalies { bad_name: true, ..none }, 0));
        let (anomalies, answers) = read(0x8180, [1, 80, 0, 0], &[&address.repeat(80)]);
        assert_eq!((anomalies, answers), (none, 63));
    }

    #[test]
    fn an_address_of_a_wrong_size_and_a_name_beyond_its_record_are_no_data() {
        let rest = [about_question(1, &[192, 0, 2]), about_question(5, b"\x03ab"), vec![0]];
        let message = parse(&about_pool(0x8180, [1, 2, 0, 0], &[&rest.concat()]));
        assert_eq!(message.answers.iter().filter(|a| a.data == AnswerData::Other).count(), 2);
        assert!(message.anomalies.bad_name);
    }

    #[test]
    fn a_question_makes_a_message_plausible_whatever_the_counts_say() {
        let plausible = |bytes: &[u8]| is_plausible(&DnsHeader::read(bytes).unwrap(), bytes);
        let bytes = about_pool(0x0100, [1, 0, 18_176, 0], &[]);
        assert!(plausible(&bytes));
        assert!(!plausible(&bytes[..29]));
        assert!(!plausible(&about_pool(0x0100, [0, 1, 18_176, 0], &[])));
        assert!(plausible(&about_pool(0x7900, [1, 0, 0, 0], &[])), "an opcode that nobody knows");
    }

    #[test]
    fn any_type_and_class_can_be_asked_for() {
        let mut bytes = about_pool(0x0100, [1, 0, 0, 0], &[]);
        for (qtype, qclass) in [(65, 1), (255, 255), (16, 3), (65280, 1), (1, 254)] {
            let end = bytes.len() - 4;
            bytes.truncate(end);
            bytes.extend([qtype, qclass].iter().flat_map(|value: &u16| value.to_be_bytes()));
            let message = parse(&bytes);
            let [question] = &message.questions[..] else { panic!("one question") };
            assert_eq!((question.qtype, question.qclass), (qtype, qclass));
            assert!(is_exact(&message));
        }
    }

    proptest! {
        #[test]
        fn what_a_message_says_does_not_depend_on_the_one_before(
            first in prop::collection::vec(prop_oneof![0u8..4, Just(0xc0), any::<u8>()], 12..200),
            second in prop::collection::vec(prop_oneof![0u8..4, Just(0xc0), any::<u8>()], 12..200),
        ) {
            let (mut message, mut spare) = (DnsMessage::default(), SpareNames::default());
            for bytes in [&first, &second, &first] {
                read(&DnsHeader::read(bytes).unwrap(), bytes, false, &mut message, &mut spare);
                prop_assert_eq!(&message, &parse(bytes));
            }
            let buffers = spare.len();
            read(&DnsHeader::read(&second).unwrap(), &second, false, &mut message, &mut spare);
            read(&DnsHeader::read(&first).unwrap(), &first, false, &mut message, &mut spare);
            prop_assert_eq!(spare.len(), buffers, "no buffer is lost or added");
        }

        #[test]
        fn in_brief_a_message_says_the_same_but_for_the_owners(
            counts in prop::collection::vec(0u8..3, 4),
            rest in prop::collection::vec(prop_oneof![0u8..6, Just(0xc0), Just(12), any::<u8>()], 0..200),
        ) {
            let counts = [0, 1, 2, 3].map(|section| u16::from(counts[section]));
            let bytes = about_pool(0x8180, counts, &[&rest]);
            let (mut whole, brief) = (parse(&bytes), read_as(&bytes, true));
            whole.answers.iter_mut().for_each(|answer| answer.name.clear());
            prop_assert_eq!(brief.questions, whole.questions);
            prop_assert_eq!(brief.answers, whole.answers);
        }
    }
}
