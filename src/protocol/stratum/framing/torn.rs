//! Reads what is left of a message that the capture has cut.

use super::line;

/// Deepest nesting that is followed; messages have two or three levels.
const MAX_DEPTH: usize = 16;

/// Closes the beginning of a JSON object behind its last whole member.
///
/// The member in which the bytes end is dropped: half a wallet would be another wallet. Returns
/// `None` if no member is whole, or nesting is deeper than [`MAX_DEPTH`].
pub(crate) fn close(bytes: &[u8]) -> Option<Vec<u8>> {
    let bytes = line::trim(bytes);
    if bytes.first() != Some(&b'{') {
        return None;
    }
    let mut open: Vec<u8> = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    // Where the last whole member ends, and what was open there.
    let mut whole: Option<(usize, Vec<u8>)> = None;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' if open.len() == MAX_DEPTH => return None,
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                open.pop();
            }
            b',' => whole = Some((at, open.clone())),
            _ => {}
        }
    }
    let (end, open) = whole?;
    Some(bytes[..end].iter().copied().chain(open.into_iter().rev()).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn closed(text: &str) -> Option<String> {
        close(text.as_bytes()).map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
    }

    #[test]
    fn the_last_member_is_dropped_and_the_others_stay() {
        let login =
            r#"{"id":1,"method":"login","params":{"login":"4ABC","pass":"x,\"y","agent":"XM"#;
        let expected = r#"{"id":1,"method":"login","params":{"login":"4ABC","pass":"x,\"y"}}"#;
        assert_eq!(closed(login).as_deref(), Some(expected));
        assert_eq!(
            closed(r#"{"id":1,"params":["a",["b","#).as_deref(),
            Some(r#"{"id":1,"params":["a",["b"]]}"#)
        );
    }

    #[test]
    fn without_a_whole_member_there_is_nothing() {
        for text in ["", "{", r#"{"id":1"#, "[1,2", "x,y", &"{\"a\":".repeat(MAX_DEPTH + 1)] {
            assert_eq!(closed(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_closed_is_json(cut in 0usize..200) {
            let text = r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4A\\\"B","pass":"x","rigid":"","algo":["rx/0","cn/r",{"a":[1,2]}]}}"#;
            let cut = cut.min(text.len());
            if let Some(closed) = closed(&text[..cut]) {
                prop_assert!(serde_json::from_str::<Value>(&closed).is_ok(), "{closed}");
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            close(&bytes);
        }
    }
}
