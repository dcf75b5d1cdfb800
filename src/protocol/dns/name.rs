//! Decodes domain names (RFC 1035 §3.1, §4.1.4) into text.

/// Why a walk ends before the last record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WalkEnd {
    /// The message ends too early.
    Short,
    /// A name has a label of unknown type, so that its end is unknown.
    Name,
    /// `MAX_ENTRIES` is reached.
    Limit,
}

/// Most octets of a name, with its length octets and the root (RFC 1035 §2.3.4).
const MAX_OCTETS: usize = 255;
/// Most compression pointers followed in one name.
///
/// Servers use one, or two where a pointer's target is itself compressed. A name has at most 127
/// labels.
const MAX_JUMPS: usize = 16;

/// Writes the text of the name at `start` to `text`, which must be empty.
///
/// Returns the offset after the name's root or first pointer. If the name cannot be decoded,
/// returns `None` and leaves `text` empty.
///
/// The text is lower case without the final dot. Bytes that are not graphic ASCII, dots inside a
/// label and backslashes are written as `\DDD`.
pub(super) fn read(message: &[u8], start: usize, text: &mut String) -> Option<usize> {
    let mut bytes = std::mem::take(text).into_bytes();
    let decoded = decode(message, start, &mut bytes);
    bytes.make_ascii_lowercase();
    let is_plain = decoded.as_ref().is_some_and(|decoded| is_plain(&bytes, decoded.labels));
    if !is_plain {
        bytes.clear();
    }
    *text = String::from_utf8(bytes).unwrap_or_default();
    let DecodedName { end, .. } = decoded?;
    if !is_plain {
        escape(message, start, text);
    } else if !text.is_empty() {
        text.remove(0); // the dot before the first label
    }
    Some(end)
}

/// Decodes the name at `start` as multicast DNS writes names: in UTF-8 (RFC 6762 §16).
///
/// ASCII letters become lower case, and there is no final dot. Returns `None` if the name is the
/// root, is not UTF-8 or cannot be decoded.
pub(super) fn utf8(message: &[u8], start: usize) -> Option<String> {
    let mut bytes = Vec::new();
    decode(message, start, &mut bytes)?;
    bytes.make_ascii_lowercase();
    let text = bytes.strip_prefix(b".")?; // the dot before the first label
    String::from_utf8(text.to_vec()).ok()
}

/// Returns the offset after the name at `start`, without following its pointers.
pub(super) fn skip(message: &[u8], start: usize) -> Result<usize, WalkEnd> {
    let mut at = start;
    loop {
        match Label::at(message, at)? {
            Label::Text(label) => at += 1 + label.len(),
            Label::Pointer(_) => return Ok(at + 2),
            Label::Root => return Ok(at + 1),
        }
    }
}

enum Label<'a> {
    Text(&'a [u8]),
    /// The name continues at this offset.
    Pointer(usize),
    Root,
}

impl<'a> Label<'a> {
    fn at(message: &'a [u8], at: usize) -> Result<Label<'a>, WalkEnd> {
        let (&first, rest) =
            message.get(at..).and_then(<[u8]>::split_first).ok_or(WalkEnd::Short)?;
        match first {
            0 => Ok(Label::Root),
            1..=63 => rest.get(..usize::from(first)).map(Label::Text).ok_or(WalkEnd::Short),
            0xc0.. => {
                let &low = rest.first().ok_or(WalkEnd::Short)?;
                Ok(Label::Pointer(u16::from_be_bytes([first & 0x3f, low]).into()))
            }
            // Extended label types (RFC 6891 §5) were abandoned.
            _ => Err(WalkEnd::Name),
        }
    }
}

struct DecodedName {
    labels: usize,
    end: usize,
}

/// Appends the labels of a name to `text`, unescaped, each after a dot.
fn decode(message: &[u8], start: usize, text: &mut Vec<u8>) -> Option<DecodedName> {
    let (mut at, mut end, mut jumps, mut labels) = (start, start, 0, 0);
    let mut octets = 1; // the root
    text.reserve(MAX_OCTETS);
    // Each pointer must point before the target of the previous one, so that no loop is possible.
    // The first may point anywhere in the message.
    let mut limit = message.len();
    // Start of the labels not appended yet: consecutive labels are appended together.
    let mut run = start;
    loop {
        match Label::at(message, at).ok()? {
            Label::Text(label) => {
                labels += 1;
                octets += 1 + label.len();
                at += 1 + label.len();
                if octets > MAX_OCTETS {
                    return None;
                }
            }
            Label::Pointer(offset) => {
                append(message.get(run..at)?, text);
                if jumps == 0 {
                    end = at + 2;
                }
                jumps += 1;
                if jumps > MAX_JUMPS || offset >= limit {
                    return None;
                }
                (at, run, limit) = (offset, offset, offset);
            }
            Label::Root => {
                append(message.get(run..at)?, text);
                let end = if jumps > 0 { end } else { at + 1 };
                return Some(DecodedName { labels, end });
            }
        }
    }
}

/// Appends labels, with a dot in place of each length octet.
fn append(labels: &[u8], text: &mut Vec<u8>) {
    let mut at = text.len();
    text.extend_from_slice(labels);
    while let Some(octet) = text.get_mut(at) {
        at += 1 + usize::from(*octet);
        *octet = b'.';
    }
}

/// Whether the text of `labels` labels needs no escapes: all bytes are graphic ASCII without
/// backslashes, and the only dots are those before the labels.
fn is_plain(text: &[u8], labels: usize) -> bool {
    let (mut is_graphic, mut dots) = (true, 0u8);
    // No early exit, so that many bytes are compared at once.
    for &byte in text {
        is_graphic &= byte.is_ascii_graphic() & (byte != b'\\');
        dots += u8::from(byte == b'.'); // at most `MAX_OCTETS`
    }
    is_graphic && usize::from(dots) == labels
}

/// Decodes a valid name again and writes it with escapes.
#[cold]
fn escape(message: &[u8], start: usize, text: &mut String) {
    text.clear();
    let mut at = start;
    while let Ok(label) = Label::at(message, at) {
        match label {
            Label::Text(label) => {
                if !text.is_empty() {
                    text.push('.');
                }
                for &byte in label {
                    if byte.is_ascii_graphic() && !matches!(byte, b'.' | b'\\') {
                        text.push(char::from(byte.to_ascii_lowercase()));
                        continue;
                    }
                    text.push('\\');
                    for digit in [byte / 100, byte / 10 % 10, byte % 10] {
                        text.push(char::from(b'0' + digit));
                    }
                }
                at += 1 + label.len();
            }
            Label::Pointer(offset) => at = offset,
            Label::Root => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The text of the name at `start`, and where the name ends.
    fn name(message: &[u8], start: usize) -> Option<(String, usize)> {
        let mut text = String::new();
        let end = read(message, start, &mut text)?;
        Some((text, end))
    }

    #[test]
    fn a_name_is_lower_case_without_the_root() {
        assert_eq!(name(b"\x04PooL\x07eXample\0", 0), Some(("pool.example".into(), 14)));
        assert_eq!(name(b"\0", 0), Some((String::new(), 1)));
    }

    #[test]
    fn a_pointer_ends_a_name_and_continues_elsewhere() {
        let message = b"\x07example\0\x04pool\xc0\x00\x01a\xc0\x09";
        assert_eq!(name(message, 9), Some(("pool.example".into(), 16)));
        assert_eq!(name(message, 16), Some(("a.pool.example".into(), 20)));
    }

    #[test]
    fn bytes_that_text_cannot_show_are_escaped() {
        let text = |label: &[u8]| {
            let message = [&[label.len() as u8][..], label, &[0]].concat();
            name(&message, 0).unwrap().0
        };
        assert_eq!(text(b"a.b\\c"), r"a\046b\092c");
        assert_eq!(text(b"\x1b[2J \x7f\0"), r"\027[2j\032\127\000");
        assert_eq!(text("mü".as_bytes()), r"m\195\188");
        assert_eq!(text(b"_sip-1*"), "_sip-1*");
    }

    #[test]
    fn a_name_in_utf8_is_written_as_it_is() {
        let message = b"\x05loCal\0\x08J\xc3\xbcrg PC\xc0\x00";
        assert_eq!(utf8(message, 7).as_deref(), Some("jürg pc.local"));
        assert_eq!(utf8(b"\x02\xc3\x28\0", 0), None, "no UTF-8");
        assert_eq!(utf8(b"\0", 0), None);
    }

    #[test]
    fn pointer_loops_and_pointers_out_of_the_message_are_refused() {
        for message in [
            &b"\xc0\x00"[..],    // to itself
            b"\xc0\x02\xc0\x00", // two that point to each other
            b"\x01a\xc0\x00",    // into its own beginning
            b"\xc0\x09\x01a\0",  // beyond the end
            b"\xff\xff",         // far beyond
        ] {
            assert_eq!(name(message, 0), None, "{message:?}");
            assert!(skip(message, 0).is_ok(), "but the end is known: {message:?}");
        }
    }

    #[test]
    fn a_name_has_255_octets_at_most() {
        let labels = |last: u8| {
            let mut message = [&[63][..], &[b'a'; 63]].concat().repeat(3);
            message.push(last);
            message.extend(vec![b'b'; usize::from(last)]);
            message.push(0);
            message
        };
        let (text, end) = name(&labels(61), 0).unwrap();
        assert_eq!((text.len(), end), (253, 255));
        assert_eq!(name(&labels(62), 0), None);
    }

    #[test]
    fn the_seventeenth_jump_is_refused() {
        let chain = |pointers: usize| {
            let mut message = b"\x01a\0\0".to_vec();
            let mut target = 0;
            for _ in 0..pointers {
                let here = message.len();
                message.extend([0xc0 | (target >> 8) as u8, target as u8]);
                target = here;
            }
            name(&message, target).map(|(text, _)| text)
        };
        assert_eq!(chain(16).as_deref(), Some("a"));
        assert_eq!(chain(17), None);
    }

    #[test]
    fn a_cut_name_is_told_from_a_strange_one() {
        assert_eq!(skip(b"\x04poo", 0), Err(WalkEnd::Short));
        assert_eq!(skip(b"\x01a", 0), Err(WalkEnd::Short));
        assert_eq!(skip(b"\x01a\xc0", 0), Err(WalkEnd::Short));
        assert_eq!(skip(b"\x01a\x41\x01", 0), Err(WalkEnd::Name));
        assert_eq!(skip(b"", 5), Err(WalkEnd::Short));
    }

    proptest! {
        #[test]
        fn any_bytes_give_bounded_printable_text_or_nothing(
            message in prop::collection::vec(prop_oneof![0u8..8, any::<u8>(), Just(0xc0)], 0..300),
            start in 0usize..300,
        ) {
            if let Some((text, end)) = name(&message, start) {
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(!text.bytes().any(|byte| byte.is_ascii_uppercase()));
                prop_assert!(text.len() <= 4 * MAX_OCTETS);
                prop_assert_eq!(skip(&message, start), Ok(end));
                prop_assert!(end <= message.len());
            }
        }
    }
}
