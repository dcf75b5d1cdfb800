//! The record layer (RFC 8446 §5): finds records in a stream, and handshake messages in records.
//!
//! A message may be split over records, and a record over chunks, at any byte. A message inside one
//! chunk is returned without a copy; others are reassembled, up to a limit.

use super::reader::Reader;

/// Longest body of a handshake message that is reassembled, in bytes; a longer one is cut.
///
/// A ClientHello with post-quantum key shares has 2 kB, chains of certificates up to 20 kB.
const MAX_MESSAGE: usize = 64 * 1024;
/// Longest fragment of a record, in bytes (RFC 5246 §6.2.3); later versions allow less.
const MAX_FRAGMENT: u16 = (1 << 14) + 2048;
/// Bytes of a record's type, version and length.
const HEADER: usize = 5;
/// Bytes of a handshake message's type and length (RFC 8446 §4).
const MESSAGE_HEADER: usize = 4;

/// Content types (RFC 8446 Appendix B.1).
pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;

/// The header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub content: u8,
    pub length: u16,
}

impl RecordHeader {
    /// Parses a header. Returns `None` if it is not that of an SSL 3.0 or TLS record.
    pub(super) fn parse(bytes: [u8; HEADER]) -> Option<RecordHeader> {
        let [content, major, minor, high, low] = bytes;
        let length = u16::from_be_bytes([high, low]);
        let fits = match content {
            CHANGE_CIPHER_SPEC => length == 1,
            ALERT | HANDSHAKE => (1..=MAX_FRAGMENT).contains(&length),
            APPLICATION_DATA => length <= MAX_FRAGMENT,
            _ => false,
        };
        (fits && major == 3 && minor <= 4).then_some(RecordHeader { content, length })
    }
}

/// A handshake message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) struct Message<'a> {
    pub kind: u8,
    /// The message without type and length.
    pub body: &'a [u8],
    /// `false` if the end of `body` is missing.
    pub whole: bool,
}

impl<'a> Message<'a> {
    /// Reads the message at the start of `bytes`, which may be cut.
    ///
    /// Returns `None` if even its header is incomplete.
    pub(crate) fn cut(bytes: &'a [u8]) -> Option<Message<'a>> {
        let mut reader = Reader::new(bytes);
        let (kind, length) = (reader.u8()?, reader.u24()?);
        let body = reader.up_to(length);
        Some(Message { kind, body, whole: body.len() == length })
    }
}

/// A message or record that matters to the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordItem<'a> {
    Message(Message<'a>),
    ChangeCipherSpec,
    ApplicationData,
}

/// The stream does not consist of records, or no longer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotTls;

/// Splits one direction of a connection into records and messages.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// The beginning of an incomplete record header.
    header: Vec<u8>,
    /// Content type of the current record.
    content: u8,
    /// Bytes of the current record that are still to come.
    remaining: usize,
    /// A handshake message with its header, incomplete unless `taken`.
    message: Vec<u8>,
    /// `message` is complete and was returned.
    taken: bool,
}

impl Records {
    /// Returns the number of bytes allocated for a message.
    pub(super) fn held(&self) -> usize {
        self.message.capacity()
    }

    /// Consumes bytes of `input` up to the next item. Returns `None` when `input` is used up.
    pub(super) fn next<'a, 'input: 'a>(
        &'a mut self,
        input: &mut &'input [u8],
    ) -> Result<Option<RecordItem<'a>>, NotTls> {
        if std::mem::take(&mut self.taken) {
            self.message.clear();
        }
        loop {
            if self.remaining == 0 {
                let Some(header) = self.header(input)? else { return Ok(None) };
                self.content = header.content;
                self.remaining = header.length.into();
                match header.content {
                    CHANGE_CIPHER_SPEC => return Ok(Some(RecordItem::ChangeCipherSpec)),
                    APPLICATION_DATA => return Ok(Some(RecordItem::ApplicationData)),
                    _ => {}
                }
            }
            if input.is_empty() {
                return Ok(None);
            }
            if self.content != HANDSHAKE {
                self.take(input, self.remaining);
                continue;
            }
            if self.message.is_empty()
                && let Some(message) = Message::cut(input)
                && message.whole
                && message.body.len() + MESSAGE_HEADER <= self.remaining
            {
                self.take(input, message.body.len() + MESSAGE_HEADER);
                return Ok(Some(RecordItem::Message(message)));
            }
            let missing = self.missing();
            let piece = self.take(input, missing);
            self.message.extend_from_slice(piece);
            if self.message.len() >= MESSAGE_HEADER && self.missing() == 0 {
                self.taken = true;
                return Ok(Message::cut(&self.message).map(RecordItem::Message));
            }
        }
    }

    /// Returns the beginning of an incomplete message.
    pub(super) fn pending(&self) -> Option<Message<'_>> {
        Message::cut(&self.message).filter(|_| !self.taken)
    }

    fn header(&mut self, input: &mut &[u8]) -> Result<Option<RecordHeader>, NotTls> {
        let header = if self.header.is_empty()
            && let Some((header, rest)) = input.split_first_chunk()
        {
            *input = rest;
            *header
        } else {
            let mut reader = Reader::new(input);
            self.header.extend_from_slice(reader.up_to(HEADER - self.header.len()));
            *input = reader.rest();
            let Ok(header) = self.header.as_slice().try_into() else { return Ok(None) };
            self.header.clear();
            header
        };
        RecordHeader::parse(header).map(Some).ok_or(NotTls)
    }

    /// Returns how many bytes `message` still needs: for its header, then for its body.
    fn missing(&self) -> usize {
        let mut reader = Reader::new(&self.message);
        let whole = match (reader.u8(), reader.u24()) {
            (Some(_), Some(length)) => MESSAGE_HEADER + length.min(MAX_MESSAGE),
            _ => MESSAGE_HEADER,
        };
        whole.saturating_sub(self.message.len())
    }

    /// Consumes up to `length` bytes of the current record.
    fn take<'a>(&mut self, input: &mut &'a [u8], length: usize) -> &'a [u8] {
        let mut reader = Reader::new(input);
        let taken = reader.up_to(length.min(self.remaining));
        *input = reader.rest();
        self.remaining -= taken.len();
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::tls::samples::{message, record};
    use proptest::prelude::*;

    /// Feeds `pieces` one after the other and returns the items as text.
    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut records = Records::default();
        let mut seen = Vec::new();
        for mut piece in pieces {
            loop {
                match records.next(&mut piece) {
                    Ok(Some(item)) => seen.push(format!("{item:?}")),
                    Ok(None) => break,
                    Err(NotTls) => {
                        seen.push("not TLS".to_owned());
                        return seen;
                    }
                }
            }
        }
        seen.extend(records.pending().map(|message| format!("pending {message:?}")));
        seen
    }

    fn shown(kind: u8, body: &[u8]) -> String {
        format!("{:?}", RecordItem::Message(Message { kind, body, whole: true }))
    }

    #[test]
    fn a_record_may_hold_several_messages() {
        let bytes = record(HANDSHAKE, &[message(2, b"hello"), message(14, b"")].concat());
        assert_eq!(read([&bytes[..]]), [shown(2, b"hello"), shown(14, b"")]);
    }

    #[test]
    fn a_message_may_be_spread_over_records() {
        let whole = message(1, b"a hello that is cut in its header and in its body");
        let (start, rest) = whole.split_at(2);
        let (middle, end) = rest.split_at(10);
        let bytes = [start, middle, end].map(|part| record(HANDSHAKE, part)).concat();
        assert_eq!(read([&bytes[..]]), [shown(1, &whole[MESSAGE_HEADER..])]);
    }

    #[test]
    fn alerts_are_skipped_and_other_types_told() {
        let bytes = [
            record(ALERT, &[1, 112]),
            record(CHANGE_CIPHER_SPEC, &[1]),
            record(APPLICATION_DATA, b"encrypted"),
            record(APPLICATION_DATA, b""),
        ]
        .concat();
        assert_eq!(read([&bytes[..]]), ["ChangeCipherSpec", "ApplicationData", "ApplicationData"]);
    }

    #[test]
    fn a_message_longer_than_the_bound_is_cut() {
        let whole = message(11, &vec![0; MAX_MESSAGE + 1]);
        let bytes: Vec<u8> =
            whole.chunks(1 << 14).flat_map(|part| record(HANDSHAKE, part)).collect();
        let mut records = Records::default();
        let mut input = &bytes[..];
        let Ok(Some(RecordItem::Message(message))) = records.next(&mut input) else {
            panic!("no message");
        };
        assert_eq!((message.kind, message.body.len(), message.whole), (11, MAX_MESSAGE, false));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for bytes in [
            &[22, 2, 0, 0, 4][..],   // version 2.0
            &[22, 3, 1, 0, 0],       // empty handshake fragment
            &[22, 3, 1, 0xff, 0xff], // longer than any fragment
            &[20, 3, 3, 0, 2, 1, 1], // ChangeCipherSpec is one byte
            &[24, 3, 3, 0, 1, 0],    // no type before encryption
        ] {
            assert_eq!(read([bytes]), ["not TLS"]);
        }
    }

    proptest! {
        #[test]
        fn any_segmentation_gives_the_same_items(
            body in prop::collection::vec(any::<u8>(), 0..300),
            fragment in 1usize..80,
            segment in 1usize..80,
        ) {
            let messages = [message(1, &body), message(14, b"")].concat();
            let mut bytes: Vec<u8> =
                messages.chunks(fragment).flat_map(|part| record(HANDSHAKE, part)).collect();
            bytes.extend(record(CHANGE_CIPHER_SPEC, &[1]));
            let expected = [shown(1, &body), shown(14, b""), "ChangeCipherSpec".to_owned()];
            prop_assert_eq!(&read([&bytes[..]])[..], &expected[..]);
            prop_assert_eq!(&read(bytes.chunks(segment))[..], &expected[..]);
        }

        #[test]
        fn random_bytes_never_panic_and_are_kept_within_bounds(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            segment in 1usize..50,
        ) {
            let mut records = Records::default();
            for mut piece in bytes.chunks(segment) {
                while let Ok(Some(_)) = records.next(&mut piece) {}
            }
            prop_assert!(records.message.len() + records.header.len() <= bytes.len());
        }
    }
}
