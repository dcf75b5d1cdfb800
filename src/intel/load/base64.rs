//! Base64 (RFC 4648), in which Suricata's string datasets are written.

/// The name in a Base64 word; `None` if the word is no Base64 or what is in it is no name.
pub fn name(word: &str) -> Option<String> {
    if !word.len().is_multiple_of(4)
        || word.contains(['.', ':'])
        || word.len() > 512
        || word.len() < 4
    {
        return None;
    }
    let decoded = String::from_utf8(decode(word)?).ok()?;
    let printable = decoded.bytes().all(|byte| byte.is_ascii_graphic());
    (printable && decoded.contains(['.', ':'])).then_some(decoded)
}

fn decode(word: &str) -> Option<Vec<u8>> {
    let digits = word.trim_end_matches('=');
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0u32, 0);
    for byte in digits.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    (word.len() - digits.len() <= 2 && bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_taken() {
        assert_eq!(name("dXMxLmJpdG1pbnRlci5jb20=").as_deref(), Some("us1.bitminter.com"));
        assert_eq!(name("LmJpdG1pbnRlci5jb20=").as_deref(), Some(".bitminter.com"));
        for word in ["", "pool", "Y3VybA==", "dXMx=mJpdG1pbnRlci5jb20=", "====", "pool.com"] {
            assert_eq!(name(word), None, "{word}");
        }
    }
}
