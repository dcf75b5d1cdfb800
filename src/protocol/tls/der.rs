//! Reads the distinguished encoding rules of ASN.1 (X.690), as far as certificates need them.

use super::reader::Reader;

/// Tags (X.690 §8), with class and constructed bit.
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const UNIVERSAL_STRING: u8 = 0x1c;
pub(super) const BMP_STRING: u8 = 0x1e;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// Returns the context-specific, constructed tag `[number]`.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// One ASN.1 element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
}

/// Iterates over consecutive elements. Ends at the first that does not fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elements<'a>(Reader<'a>);

impl<'a> Elements<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Elements(Reader::new(bytes))
    }

    /// Returns the content of the next element if it has this tag; else consumes nothing.
    pub(super) fn tagged(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let element = ahead.next().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element.content)
    }

    /// Returns the elements inside the next element if it has this tag; else consumes nothing.
    pub(super) fn inside(&mut self, tag: u8) -> Option<Elements<'a>> {
        self.tagged(tag).map(Elements::new)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let tag = self.0.u8()?;
        let length = match self.0.u8()? {
            short @ 0..=0x7f => short.into(),
            0x81 => self.0.u8()?.into(),
            0x82 => self.0.u16()?.into(),
            0x83 => self.0.u24()?,
            _ => return None,
        };
        self.0.take(length).map(|content| Element { tag, content })
    }
}

/// Formats an OBJECT IDENTIFIER in dotted form. Returns `None` if it is malformed.
pub(super) fn dotted(identifier: &[u8]) -> Option<String> {
    /// Longest identifier shown, in bytes; real ones have up to 20.
    const MAX_IDENTIFIER: usize = 64;
    let mut text = String::new();
    let mut arc = 0u32;
    for byte in identifier.iter().take(MAX_IDENTIFIER) {
        arc = arc.checked_mul(128)? | u32::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if text.is_empty() {
            // The first two arcs share a number (X.690 §8.19.4).
            let root = (arc / 40).min(2);
            text = format!("{root}.{}", arc - 40 * root);
        } else {
            text.push('.');
            text.push_str(&arc.to_string());
        }
        arc = 0;
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_have_one_to_four_bytes() {
        let long = [&[OCTET_STRING, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        let bytes = [&[INTEGER, 1, 5][..], &[OCTET_STRING, 0x81, 1, 9], &long].concat();
        let lengths: Vec<usize> = Elements::new(&bytes).map(|e| e.content.len()).collect();
        assert_eq!(lengths, [1, 1, 256]);
    }

    #[test]
    fn an_element_that_does_not_fit_ends_the_list() {
        assert_eq!(Elements::new(&[INTEGER, 2, 5]).next(), None);
        assert_eq!(Elements::new(&[SEQUENCE, 0x80, 0, 0]).next(), None); // indefinite length
        assert_eq!(Elements::new(&[INTEGER, 0x84, 0, 0, 0, 1, 5]).next(), None);
    }

    #[test]
    fn another_tag_stays_for_the_next_read() {
        let mut elements = Elements::new(&[INTEGER, 1, 5]);
        assert_eq!(elements.tagged(SEQUENCE), None);
        assert_eq!(elements.tagged(INTEGER), Some(&[5][..]));
    }

    #[test]
    fn identifiers_are_shown_in_dotted_form() {
        assert_eq!(dotted(&[0x55, 0x04, 0x03]).as_deref(), Some("2.5.4.3"));
        let email = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];
        assert_eq!(dotted(&email).as_deref(), Some("1.2.840.113549.1.9.1"));
        assert_eq!(dotted(&[0x88, 0x37]).as_deref(), Some("2.999"));
        assert_eq!(dotted(&[0xff; 9]), None);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let content: usize = Elements::new(&bytes).map(|e| e.content.len()).sum();
            prop_assert!(content <= bytes.len());
            let _ = dotted(&bytes);
        }
    }
}
