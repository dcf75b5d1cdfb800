//! Domain names on the wire (RFC 1035 §3.1, §4.1.4) and their text.

use dns_parser::Name;

use super::message::Stop;

/// Octets of a name with its length octets and the root (RFC 1035 §2.3.4).
const MAX_OCTETS: usize = 255;
/// Compression pointers followed in one name. Servers need one, or two where a target is itself
/// compressed; a name has 127 labels at most.
const MAX_JUMPS: usize = 16;

/// Writes the text of the name at `start` to `text`, which is empty, and returns where the name
/// ends: behind its root or its first pointer. `None` if it cannot be decoded.
///
/// The text is lower case without the final dot. Bytes that are not graphic ASCII, dots inside a
/// label and backslashes are written as `\DDD`.
pub(super) fn read(message: &[u8], start: usize, text: &mut String) -> Option<usize> {
    decode(message, start, text)?;
    match labels(message, start).ok()? {
        (end, Terminator::Root) => Some(end + 1),
        // Only now that jumps have been counted: the scan follows pointers without a budget.
        (end, Terminator::Pointer(_)) => match Name::scan(message.get(start..)?, message) {
            Ok(name) => Some(start + name.byte_len()),
            Err(dns_parser::Error::LabelIsNotAscii) => Some(end + 2),
            Err(_) => None,
        },
    }
}

/// Where the name at `start` ends, whatever its pointers point to.
pub(super) fn skip(message: &[u8], start: usize) -> Result<usize, Stop> {
    Ok(match labels(message, start)? {
        (end, Terminator::Root) => end + 1,
        (end, Terminator::Pointer(_)) => end + 2,
    })
}

/// What stands behind the labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Terminator {
    Root,
    /// The name goes on at this offset.
    Pointer(usize),
}

/// Where the labels that begin at `at` end, and how.
fn labels(message: &[u8], mut at: usize) -> Result<(usize, Terminator), Stop> {
    loop {
        match *message.get(at).ok_or(Stop::Short)? {
            0 => return Ok((at, Terminator::Root)),
            length @ 1..=63 => at += 1 + usize::from(length),
            high @ 0xc0.. => {
                let low = *message.get(at + 1).ok_or(Stop::Short)?;
                let offset = u16::from_be_bytes([high & 0x3f, low]);
                return Ok((at, Terminator::Pointer(offset.into())));
            }
            // Extended label types (RFC 6891 §5) were given up.
            _ => return Err(Stop::Name),
        }
    }
}

fn decode(message: &[u8], start: usize, text: &mut String) -> Option<()> {
    let mut bytes = std::mem::take(text).into_bytes();
    let is_plain = join(message, start, &mut bytes).map(|dots| lower(&mut bytes) == Some(dots));
    // These bytes are ASCII, or they are written anew.
    if is_plain != Some(true) {
        bytes.clear();
    }
    *text = String::from_utf8(bytes).unwrap_or_default();
    if !is_plain? {
        escape(message, start, text);
    }
    Some(())
}

/// Appends the labels of a name with dots between them, and returns how many dots.
fn join(message: &[u8], start: usize, text: &mut Vec<u8>) -> Option<u8> {
    let (mut at, mut jumps, mut dots) = (start, 0, 0);
    // Each pointer must point before the one that led here, so that no loop can be.
    let mut limit = message.len();
    loop {
        let (end, terminator) = labels(message, at).ok()?;
        if let Some((&first, rest)) = message.get(at..end)?.split_first() {
            if !text.is_empty() {
                text.push(b'.');
                dots += 1;
            }
            // The first length octet and the root have no place in the text.
            if text.len() + rest.len() + 2 > MAX_OCTETS {
                return None;
            }
            let mut length_at = text.len() + usize::from(first);
            text.extend_from_slice(rest);
            while let Some(octet) = text.get_mut(length_at) {
                length_at += 1 + usize::from(*octet);
                *octet = b'.';
                dots += 1;
            }
        }
        match terminator {
            Terminator::Root => return Some(dots),
            Terminator::Pointer(offset) => {
                jumps += 1;
                if jumps > MAX_JUMPS || offset >= limit {
                    return None;
                }
                (at, limit) = (offset, offset);
            }
        }
    }
}

/// Makes letters lower case and counts dots; `None` if there is something to escape.
fn lower(text: &mut [u8]) -> Option<u8> {
    let (mut dots, mut odd) = (0u8, false);
    for byte in text {
        odd |= !byte.is_ascii_graphic() | (*byte == b'\\');
        dots = dots.wrapping_add(u8::from(*byte == b'.'));
        byte.make_ascii_lowercase();
    }
    (!odd).then_some(dots)
}

/// Writes a name that can be joined, byte by byte.
#[cold]
fn escape(message: &[u8], start: usize, text: &mut String) {
    let mut at = start;
    while let Ok((end, terminator)) = labels(message, at) {
        let mut labels = message.get(at..end).unwrap_or_default();
        while let Some((&length, rest)) = labels.split_first() {
            let (label, rest) = rest.split_at_checked(length.into()).unwrap_or((rest, &[]));
            if !text.is_empty() {
                text.push('.');
            }
            for &byte in label {
                if byte.is_ascii_graphic() && byte != b'.' && byte != b'\\' {
                    text.push(char::from(byte.to_ascii_lowercase()));
                } else {
                    text.push('\\');
                    for digit in [byte / 100, byte / 10 % 10, byte % 10] {
                        text.push(char::from(b'0' + digit));
                    }
                }
            }
            labels = rest;
        }
        match terminator {
            Terminator::Root => return,
            Terminator::Pointer(offset) => at = offset,
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
    fn pointer_loops_and_pointers_out_of_the_message_are_refused() {
        for message in [
            &b"\xc0\x00"[..],    // to itself
            b"\xc0\x02\xc0\x00", // two that point to each other
            b"\x01a\xc0\x00",    // into its own beginning
            b"\xc0\x09\x01a\0",  // behind the end
            b"\xff\xff",         // far behind
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
        assert_eq!(skip(b"\x04poo", 0), Err(Stop::Short));
        assert_eq!(skip(b"\x01a", 0), Err(Stop::Short));
        assert_eq!(skip(b"\x01a\xc0", 0), Err(Stop::Short));
        assert_eq!(skip(b"\x01a\x41\x01", 0), Err(Stop::Name));
        assert_eq!(skip(b"", 5), Err(Stop::Short));
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
