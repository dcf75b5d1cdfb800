//! HTTP/1 (RFC 9112): requests, responses, and JSON in their bodies.
//!
//! ```text
//! bytes ─head─▶ request, response ─exchange─▶ body ─▶ JSON ─▶ BodyReaders
//!                                         └─▶ tunnel, WebSocket
//! ```
//!
//! The parser emits every request and response, however long the connection lives, because
//! intelligence lists hosts and paths. It only counts the bytes of a body, unless the body begins
//! like JSON. It parses both directions in the same way, so a capture that starts late and takes
//! the server for the client does no harm.
//!
//! Nothing here panics on any input. A connection holds at most, for each direction, a head of
//! [`head::MAX_HEAD`] or a body of `condense::MAX_TEXT` bytes, and
//! [`exchange::MAX_ASKED`] open requests.
//!
//! HTTP/2 in clear text is recognised by its preface and not parsed: its header compression hides
//! names.

mod body;
mod connection;
mod credentials;
mod dialogue;
mod exchange;
mod fields;
mod head;
mod loss;
mod upgrade;

use super::description::{FirstBytes, StreamProtocol};
use super::parser::Probe;
use connection::HttpConnection;

pub(super) const STREAM: StreamProtocol = StreamProtocol {
    first_bytes: FirstBytes::Among(&[b'A'..=b'Z', b'\r'..=b'\r', b'\n'..=b'\n']),
    // Messages begin with a segment.
    message_start: Some(|bytes| (probe(bytes) == Probe::Certain).then_some(0)),
    ..StreamProtocol::new(
        "http",
        |_, head| probe(head),
        |surroundings| Box::new(HttpConnection::new(surroundings)),
    )
};

/// Prefixes of the first line of a message.
///
/// They are the version of a response, and the methods of HTTP (RFC 9110 §9.3, RFC 5789), of
/// HTTP/2's preface (RFC 9113 §3.4), of WebDAV and related protocols (RFC 4918, 3253, 3744, 5323),
/// of UPnP, and of Microsoft's RPC, BITS and management clients.
const MARKS: [&str; 44] = [
    "HTTP/1.",
    "GET ",
    "POST ",
    "HEAD ",
    "CONNECT ",
    "PUT ",
    "OPTIONS ",
    "DELETE ",
    "PATCH ",
    "TRACE ",
    "PRI ",
    "PROPFIND ",
    "PROPPATCH ",
    "MKCOL ",
    "COPY ",
    "MOVE ",
    "LOCK ",
    "UNLOCK ",
    "ACL ",
    "SEARCH ",
    "REPORT ",
    "VERSION-CONTROL ",
    "CHECKIN ",
    "CHECKOUT ",
    "UNCHECKOUT ",
    "MKACTIVITY ",
    "MKWORKSPACE ",
    "MERGE ",
    "UPDATE ",
    "LABEL ",
    "BASELINE-CONTROL ",
    "BIND ",
    "LINK ",
    "UNLINK ",
    "MKCALENDAR ",
    "PURGE ",
    "M-SEARCH ",
    "NOTIFY ",
    "SUBSCRIBE ",
    "UNSUBSCRIBE ",
    "RPC_IN_DATA ",
    "RPC_OUT_DATA ",
    "BITS_POST ",
    "CCM_POST ",
];

/// Decides whether `bytes` begin like the first line of a request or response.
///
/// Empty lines before it are skipped (RFC 9112 §2.2).
pub(super) fn probe(bytes: &[u8]) -> Probe {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    let bytes = bytes.get(start.unwrap_or(bytes.len())..).unwrap_or_default();
    let Some(first) = bytes.first() else { return Probe::Unsure };
    if !first.is_ascii_uppercase() {
        return Probe::NotForUs;
    }
    let mut probe = Probe::NotForUs;
    // The first letter rules out nearly all marks.
    for mark in MARKS.iter().map(|mark| mark.as_bytes()).filter(|mark| mark.first() == Some(first))
    {
        if bytes.starts_with(mark) {
            return Probe::Certain;
        }
        if mark.starts_with(bytes) {
            probe = Probe::Unsure;
        }
    }
    probe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_decides() {
        for (bytes, expected) in [
            (&b"GET / HTTP/1.1\r\n"[..], Probe::Certain),
            (b"HTTP/1.0 200", Probe::Certain),
            (b"CONNECT pool.example:3333 HTTP/1.1", Probe::Certain),
            (b"VERSION-CONTROL /x", Probe::Certain),
            (b"\r\n\r\nGET /", Probe::Certain),
            (b"\r\n", Probe::Unsure),
            (b"", Probe::Unsure),
            (b"P", Probe::Unsure),
            (b"HTTP/1", Probe::Unsure),
            (b"HTTP/2", Probe::NotForUs),
            (b"GETX", Probe::NotForUs),
            (b"get / HTTP/1.1", Probe::NotForUs),
            (b"{\"id\":1}", Probe::NotForUs),
            (b"\x16\x03\x01", Probe::NotForUs),
        ] {
            assert_eq!(probe(bytes), expected, "{bytes:?}");
        }
    }
}
