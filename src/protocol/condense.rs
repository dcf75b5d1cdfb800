//! Keeps a JSON text that arrives in pieces, in bounded memory.
//!
//! Block templates have megabytes, so a text that grows too long is condensed as it arrives. Long
//! strings are cut, and nested arrays and objects keep only their beginning. The result is JSON
//! with the members in the same places. Of the thousands of transactions in a Bitcoin template,
//! only the first few are kept.

/// Longest text kept, in bytes.
///
/// XMRig's own line buffer has this size. The longest lines seen in practice are an Equihash share
/// of 2.8 kB and a Bitcoin job of 3 kB; monerod's templates have 20 KiB. A longer text is
/// condensed, and dropped if it is still too long.
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// Longest string in a condensed text, in bytes: four Equihash solutions, or the start of a block.
const MAX_STRING: usize = 16 * 1024;
/// Bytes after which a nested array or object of a condensed text ends.
///
/// The element at that position is still completed. Such arrays hold transactions, and no parser
/// looks at those.
const MAX_INNER: usize = 8 * 1024;
/// Nesting depth up to which arrays and objects are kept whole: a message, and its `params` or
/// `result`. In a batch the depth is one more.
const WHOLE_DEPTH: u32 = 2;
/// Buffer capacity kept between two texts, in bytes; more is freed.
const KEEP_CAPACITY: usize = 4 * 1024;

/// A text that arrives in pieces, condensed if it grows too long.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CondensedText {
    kept: Vec<u8>,
    /// Present once the text was too long to be kept as it is.
    condenser: Option<Condenser>,
}

impl CondensedText {
    /// Adds the next bytes; returns false if the text is too long even when condensed.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        if self.condenser.is_none() && self.kept.len() + bytes.len() > MAX_TEXT {
            let mut condenser = Condenser::default();
            let whole = std::mem::take(&mut self.kept);
            condenser.push(&whole, &mut self.kept);
            self.condenser = Some(condenser);
        }
        match &mut self.condenser {
            Some(condenser) => condenser.push(bytes, &mut self.kept),
            None => self.kept.extend_from_slice(bytes),
        }
        self.kept.len() <= MAX_TEXT
    }

    /// Returns the text, condensed if it was too long.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.kept
    }

    /// Returns the bytes of memory held.
    pub(super) fn held(&self) -> usize {
        self.kept.capacity()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Empties the buffer for the next text.
    pub(super) fn clear(&mut self) {
        self.condenser = None;
        self.kept.clear();
        self.kept.shrink_to(KEEP_CAPACITY);
    }
}

/// Condenses a text piece by piece; holds the state between two pieces.
#[derive(Debug, Default, PartialEq, Eq)]
struct Condenser {
    /// Number of open arrays and objects.
    depth: u32,
    /// Depth up to which arrays and objects are kept whole.
    whole: u32,
    /// Offset in the output at which the outermost array or object that may be cut begins.
    inner: usize,
    /// Depth of the array or object whose rest is left out.
    dropped: Option<u32>,
    /// Bytes of the current string that were passed on; `None` outside strings.
    string: Option<usize>,
    escape: Escape,
}

/// Position in an escape (RFC 8259 §7). Escapes are passed on whole or not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// The backslash was the last byte.
    Begun { kept: bool },
    /// `left` digits of `\uXXXX` are missing.
    Digits { left: u8, kept: bool },
}

impl Condenser {
    fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = match (self.escape, self.string) {
                (Escape::None, None) => {
                    self.structure(byte, out);
                    rest
                }
                (Escape::None, Some(length)) => self.characters(length, bytes, out),
                (escape, _) => {
                    self.escape(escape, byte, out);
                    rest
                }
            };
        }
    }

    /// Handles a byte outside strings.
    fn structure(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'"' => self.string = Some(0),
            b'{' | b'[' => {
                if self.depth == 0 {
                    self.whole = WHOLE_DEPTH + u32::from(byte == b'[');
                }
                self.depth = self.depth.saturating_add(1);
                if self.depth == self.whole + 1 {
                    self.inner = out.len();
                }
            }
            b'}' | b']' => {
                self.dropped = self.dropped.filter(|&depth| depth != self.depth);
                self.depth = self.depth.saturating_sub(1);
            }
            b',' if self.depth > self.whole && out.len().saturating_sub(self.inner) > MAX_INNER => {
                self.dropped = self.dropped.or(Some(self.depth));
            }
            _ => {}
        }
        self.pass(&[byte], out);
    }

    /// Handles the characters of a string up to the next quote or backslash; returns the rest.
    fn characters<'a>(&mut self, length: usize, bytes: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let end = memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
        let (run, rest) = bytes.split_at(end);
        let room = MAX_STRING.saturating_sub(length).min(run.len());
        self.pass(run.get(..room).unwrap_or_default(), out);
        self.string = Some(length + room);
        match rest.split_first() {
            None => rest,
            Some((b'"', rest)) => {
                self.string = None;
                self.pass(b"\"", out);
                rest
            }
            Some((_, rest)) => {
                let kept = length + room < MAX_STRING;
                self.escape = Escape::Begun { kept };
                self.count(kept, b'\\', out);
                rest
            }
        }
    }

    /// Handles a byte of an escape.
    fn escape(&mut self, escape: Escape, byte: u8, out: &mut Vec<u8>) {
        let (left, kept) = match escape {
            Escape::Begun { kept } => (if byte == b'u' { 4 } else { 0 }, kept),
            Escape::Digits { left, kept } => (left - 1, kept),
            Escape::None => return,
        };
        self.escape = if left > 0 { Escape::Digits { left, kept } } else { Escape::None };
        self.count(kept, byte, out);
    }

    fn count(&mut self, kept: bool, byte: u8, out: &mut Vec<u8>) {
        if kept {
            self.string = self.string.map(|length| length + 1);
            self.pass(&[byte], out);
        }
    }

    fn pass(&self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.dropped.is_none() {
            out.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn condensed(text: &[u8], size: usize) -> Vec<u8> {
        let (mut condenser, mut out) = (Condenser::default(), Vec::new());
        text.chunks(size).for_each(|piece| condenser.push(piece, &mut out));
        out
    }

    #[test]
    fn a_template_of_two_megabytes_keeps_its_members() {
        let transaction = format!(r#"{{"data":"{}","depends":[1,2],"fee":7}}"#, "ab".repeat(250));
        let transactions = vec![transaction; 4000].join(", ");
        let template = format!(
            r#"{{"result":{{"version":4,"transactions":[{transactions}],"bits":"1d00ffff","rules":["a","b"]}},"error":null,"id":0}}"#
        );
        assert!(template.len() > 2_000_000);
        let mut text = CondensedText::default();
        assert!(template.as_bytes().chunks(1460).all(|piece| text.push(piece)));
        assert!(text.bytes().len() < 2 * MAX_INNER);
        let value: Value = serde_json::from_slice(text.bytes()).unwrap();
        assert_eq!(value["result"]["bits"], "1d00ffff");
        assert_eq!(value["result"]["rules"], serde_json::json!(["a", "b"]));
        assert_eq!(value["id"], 0);
        let kept = value["result"]["transactions"].as_array().unwrap();
        assert!(kept.len() > 5 && kept[..kept.len() - 1].iter().all(|one| one["fee"] == 7));
    }

    #[test]
    fn a_long_string_is_cut_and_never_inside_an_escape() {
        for shift in 0..7 {
            let long = format!("{}{}", "x".repeat(shift), r"\u00e4\n".repeat(MAX_STRING / 8 + 9));
            let text = format!(r#"{{"params":["{long}","end"],"id":4}}"#);
            let out = condensed(text.as_bytes(), 7);
            let value: Value = serde_json::from_slice(&out).unwrap();
            assert!(out.len() < MAX_STRING + 100);
            assert_eq!((&value["params"][1], &value["id"]), (&Value::from("end"), &4.into()));
        }
    }

    #[test]
    fn in_a_batch_each_message_is_kept_whole() {
        let list = vec!["\"y\""; 4000].join(",");
        let text = format!(r#"[{{"id":1,"result":{{"a":[{list}],"b":2}}}},{{"id":2}}]"#);
        let value: Value = serde_json::from_slice(&condensed(text.as_bytes(), 100)).unwrap();
        assert_eq!((&value[0]["result"]["b"], &value[1]["id"]), (&2.into(), &2.into()));
    }

    #[test]
    fn what_stays_too_long_is_refused_and_memory_stays_bounded() {
        let mut text = CondensedText::default();
        let many = format!("{{{}", "\"key\":0,".repeat(MAX_TEXT));
        assert!(!many.as_bytes().chunks(1000).all(|piece| text.push(piece)));
        assert!(text.bytes().len() <= MAX_TEXT + 1000);
        text.clear();
        assert!(text.is_empty() && text.kept.capacity() <= KEEP_CAPACITY);
    }

    /// Generates JSON of a few levels, with some long strings and arrays.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(Value::from),
            "[a-z\"\\\\\u{e4}\n]{0,20}".prop_map(Value::from),
            Just(Value::from("\\\"".repeat(MAX_STRING))),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"]{1,4}", inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_stays_json_however_it_is_cut(value in json(), size in 1usize..5000) {
            let text = value.to_string();
            let whole = condensed(text.as_bytes(), text.len());
            let parsed = serde_json::from_slice::<Value>(&whole);
            prop_assert!(parsed.is_ok(), "{:?}", parsed);
            prop_assert_eq!(condensed(text.as_bytes(), size), whole);
        }

        #[test]
        fn random_bytes_never_panic_and_cuts_change_nothing(
            bytes in prop::collection::vec(prop_oneof![prop::sample::select(&b"{}[]\",\\u0"[..]), any::<u8>()], 0..300),
            size in 1usize..50,
        ) {
            let whole = condensed(&bytes, 1000);
            prop_assert_eq!(condensed(&bytes, size), whole);
        }
    }
}
