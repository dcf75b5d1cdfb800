//! Heads of messages: buffered up to the empty line, then parsed (RFC 9112 §2 to §5).
//!
//! `httparse` parses them. A head that it refuses (invalid bytes, folded fields, more than a
//! hundred headers) is parsed again without checks of its grammar: a malformed head still names its
//! host.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use httparse::Status;

use super::fields::{HeaderFields, text_within};
use crate::model::event::{HttpRequest, HttpResponse};
use crate::model::text::printable_within;
use crate::protocol::parser::Probe;

/// Longest head, in bytes. Servers refuse more than 8 to 48 KiB; cookies stay below 16 KiB.
pub(super) const MAX_HEAD: usize = 64 * 1024;
/// Header fields that `httparse` has room for: the limit of Apache. The fallback needs no array.
const MAX_FIELDS: usize = 100;
/// Longest method, in bytes: the longest registered one, UPDATEREDIRECTREF, has 17.
const MAX_METHOD: usize = 24;
/// Longest version kept, in bytes; a valid one has 8 (RFC 9112 §2.3).
const MAX_VERSION: usize = 16;
/// Longest request target kept, in bytes. URLs in the intelligence are far shorter, and a longer
/// target has its path at the front.
const MAX_TARGET: usize = 2048;

/// The parsed head of a message.
#[derive(Debug)]
pub(super) enum MessageHead<'a> {
    Request(HttpRequest<'a>, HeaderFields<'a>),
    Response(HttpResponse<'a>, HeaderFields<'a>, ReasonPhrase),
}

/// The reason phrase of a response, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReasonPhrase {
    /// `Connection established`, a proxy's response to CONNECT.
    Established,
    Other,
}

/// A head as it arrives.
#[derive(Debug, Default)]
pub(super) struct HeadBuffer {
    bytes: Vec<u8>,
    first_line_seen: bool,
}

/// The state of a head after some bytes.
#[derive(Debug)]
pub(super) enum HeadProgress<'a> {
    More,
    /// A head that ended after this many of the bytes.
    Head(MessageHead<'a>, usize),
    /// The head reached [`MAX_HEAD`] without an end: the part that could be parsed.
    TooLong(Option<MessageHead<'a>>),
    /// A JSON object begins in place of a head, after this many of the bytes.
    Json(usize),
    NotHttp,
}

impl HeadBuffer {
    /// Consumes the next bytes until the head is complete or refused.
    pub(super) fn push<'a>(&'a mut self, bytes: &'a [u8]) -> HeadProgress<'a> {
        let mut skipped = 0;
        if self.bytes.is_empty() {
            // Empty lines before a request (RFC 9112 §2.2), and whitespace before JSON.
            skipped = bytes.len() - bytes.trim_ascii_start().len();
        }
        let bytes = bytes.get(skipped..).unwrap_or_default();
        match bytes.first() {
            None => return HeadProgress::More,
            Some(b'{') if self.bytes.is_empty() => return HeadProgress::Json(skipped),
            Some(_) => {}
        }
        let before = self.bytes.len();
        let room = MAX_HEAD.saturating_sub(before);
        let taken = bytes.get(..room).unwrap_or(bytes);
        if before == 0 {
            // Most heads are complete in one segment: parse those without a copy.
            if let Some((head, length)) = read_strictly(taken) {
                return HeadProgress::Head(head, skipped + length);
            }
            if let Some(head) = end(taken, 0).and_then(|end| taken.get(..end)) {
                return match read_loosely(head) {
                    Some(read) => HeadProgress::Head(read, skipped + head.len()),
                    None => HeadProgress::NotHttp,
                };
            }
        }
        self.bytes.extend_from_slice(taken);
        if let Some(end) = end(&self.bytes, before) {
            return match read(self.bytes.get(..end).unwrap_or_default()) {
                Some(head) => HeadProgress::Head(head, end.saturating_sub(before)),
                None => HeadProgress::NotHttp,
            };
        }
        if !self.is_plausible(before) {
            return HeadProgress::NotHttp;
        }
        if self.bytes.len() >= MAX_HEAD {
            return HeadProgress::TooLong(self.salvage());
        }
        HeadProgress::More
    }

    /// Returns the number of allocated bytes.
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// Parses the present lines of a head that will not be completed.
    pub(super) fn salvage(&self) -> Option<MessageHead<'_>> {
        // The last line may be incomplete, so it is left out.
        let end = memchr::memrchr(b'\n', &self.bytes)?;
        read_loosely(self.bytes.get(..end)?)
    }

    /// Returns whether the first line can be HTTP, as far as it has arrived.
    ///
    /// `before` is the number of bytes that were already checked.
    fn is_plausible(&mut self, before: usize) -> bool {
        if self.first_line_seen {
            return true;
        }
        let added = self.bytes.get(before..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', added) else {
            return begins_plausibly(&self.bytes);
        };
        self.first_line_seen = true;
        let line = self.bytes.get(..before + end).unwrap_or_default().trim_ascii();
        request_line(line).is_some() || status_line(line).is_some()
    }
}

/// Returns whether `bytes` may begin a first line: with the version, or a method and a space.
fn begins_plausibly(bytes: &[u8]) -> bool {
    const VERSION: &[u8] = b"HTTP/1.";
    if bytes.starts_with(VERSION) || VERSION.starts_with(bytes) {
        return true;
    }
    let word = bytes.iter().take(MAX_METHOD + 1).position(|&byte| byte == b' ');
    let whole = word.is_some() || bytes.len() <= MAX_METHOD;
    whole && is_method(bytes.get(..word.unwrap_or(bytes.len())).unwrap_or_default())
}

/// Returns the length of a head, including the empty line that ends it.
///
/// The first `from` bytes are known to hold no complete empty line.
fn end(bytes: &[u8], from: usize) -> Option<usize> {
    // The line end before the empty line may be among the earlier bytes.
    let mut at = from.saturating_sub(2);
    loop {
        at += memchr::memchr(b'\n', bytes.get(at..)?)? + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

/// Parses a complete head.
fn read(head: &[u8]) -> Option<MessageHead<'_>> {
    read_strictly(head).map(|(head, _)| head).or_else(|| read_loosely(head))
}

/// Parses the head at the start of `bytes` and returns it with its length, as [`end`] defines it.
///
/// Returns `None` if the head is incomplete or `httparse` refuses it.
fn read_strictly(bytes: &[u8]) -> Option<(MessageHead<'_>, usize)> {
    if bytes.starts_with(b"HTTP/") { response(bytes) } else { request(bytes) }
}

fn request(bytes: &[u8]) -> Option<(MessageHead<'_>, usize)> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    let Ok(Status::Complete(length)) = parsed.parse_with_uninit_headers(bytes, &mut headers) else {
        return None;
    };
    let (method, target, version) = (parsed.method?, parsed.path?, parsed.version?);
    if !is_method(method.as_bytes()) {
        return None;
    }
    let method = printable_within(method, MAX_METHOD);
    let target = printable_within(target, MAX_TARGET);
    let version = Some(version_of(version));
    Some((request_of(method, target, version, fields(parsed.headers)), length))
}

fn response(bytes: &[u8]) -> Option<(MessageHead<'_>, usize)> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let mut config = httparse::ParserConfig::default();
    config
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true);
    let read = config.parse_response_with_uninit_headers(&mut parsed, bytes, &mut headers);
    let Ok(Status::Complete(length)) = read else { return None };
    let (status, version) = (parsed.code?, parsed.version?);
    let reason = parsed.reason.unwrap_or_default().as_bytes();
    Some((response_of(status, reason, version_of(version), fields(parsed.headers)), length))
}

/// Returns the version with this minor number. `httparse` accepts only these two.
fn version_of(minor: u8) -> Cow<'static, str> {
    if minor == 0 { "HTTP/1.0".into() } else { "HTTP/1.1".into() }
}

fn fields<'a>(headers: &[httparse::Header<'a>]) -> HeaderFields<'a> {
    let mut fields = HeaderFields::default();
    for header in headers {
        fields.take(header.name.as_bytes(), header.value);
    }
    fields
}

/// Parses a head without checks of its grammar. Folded lines (RFC 9112 §5.2) are skipped.
fn read_loosely(head: &[u8]) -> Option<MessageHead<'_>> {
    let mut lines = head.split(|&byte| byte == b'\n');
    let first = lines.next()?.trim_ascii();
    let mut fields = HeaderFields::default();
    for line in lines.filter(|line| !matches!(line.first(), Some(b' ' | b'\t'))) {
        if let Some(colon) = line.iter().position(|&byte| byte == b':') {
            let (name, value) = line.split_at(colon);
            fields.take(name.trim_ascii(), value.get(1..).unwrap_or_default());
        }
    }
    if let Some((status, reason, version)) = status_line(first) {
        let version = text_within(version, MAX_VERSION);
        return Some(response_of(status, reason, version, fields));
    }
    let (method, target, version) = request_line(first)?;
    let (method, target) = (text_within(method, MAX_METHOD), text_within(target, MAX_TARGET));
    let version = version.map(|version| text_within(version, MAX_VERSION));
    Some(request_of(method, target, version, fields))
}

/// Method, target and version.
type RequestLine<'a> = (&'a [u8], &'a [u8], Option<&'a [u8]>);

/// Parses a request line.
///
/// The target may contain blanks. Some clients leave out the version, as in HTTP/0.9: then the
/// method must be a known one, and the target a path.
fn request_line(line: &[u8]) -> Option<RequestLine<'_>> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let (method, rest) = line.split_at_checked(line.iter().position(blank)?)?;
    let rest = rest.trim_ascii();
    let word = rest.iter().rposition(blank).map_or(0, |last| last + 1);
    let (target, version) = match rest.split_at_checked(word)? {
        (target, word) if word.starts_with(b"HTTP/") => {
            word.last().filter(|last| last.is_ascii_digit())?;
            (target.trim_ascii(), Some(word))
        }
        _ if rest.starts_with(b"/") && super::probe(line) == Probe::Certain => (rest, None),
        _ => return None,
    };
    is_method(method).then_some((method, target, version))
}

/// Parses a status line. Returns status, reason and version.
fn status_line(line: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (version, rest) = line.split_at_checked(8)?;
    version.strip_prefix(b"HTTP/1.")?.first().filter(|minor| minor.is_ascii_digit())?;
    let (status, reason) = rest.trim_ascii_start().split_at_checked(3)?;
    let status = std::str::from_utf8(status).ok()?.parse().ok()?;
    Some((status, reason.trim_ascii(), version))
}

/// Returns whether `word` is a token (RFC 9110 §5.6.2) of at most [`MAX_METHOD`] bytes.
fn is_method(word: &[u8]) -> bool {
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    (1..=MAX_METHOD).contains(&word.len()) && word.iter().all(token)
}

fn request_of<'a>(
    method: Cow<'a, str>,
    target: Cow<'a, str>,
    version: Option<Cow<'a, str>>,
    mut fields: HeaderFields<'a>,
) -> MessageHead<'a> {
    // The authority of an absolute target overrides `Host` (RFC 9112 §3.2.2).
    let bare = method == "CONNECT" && !target.starts_with('/');
    let named = if bare { Some(&*target) } else { authority(&target) };
    let named = named.filter(|name| !name.is_empty()).map(|name| name.to_lowercase().into());
    let request = HttpRequest {
        authority: named.or_else(|| fields.host.take()),
        user_agent: fields.user_agent.take(),
        user: fields.user.take(),
        method,
        target,
        version,
        ..HttpRequest::default()
    };
    MessageHead::Request(request, fields)
}

/// Returns the authority of an absolute target, without the user name: `http://host:port/path`.
fn authority(target: &str) -> Option<&str> {
    let scheme = target.bytes().position(|byte| !byte.is_ascii_alphanumeric());
    let rest = target.get(scheme.filter(|length| *length > 0)?..)?.strip_prefix("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(authority.rsplit('@').next().unwrap_or(authority))
}

fn response_of<'a>(
    status: u16,
    reason: &[u8],
    version: Cow<'a, str>,
    mut fields: HeaderFields<'a>,
) -> MessageHead<'a> {
    const ESTABLISHED: &[u8] = b"established";
    let response = HttpResponse {
        status,
        content_type: fields.content_type.take(),
        version,
        ..HttpResponse::default()
    };
    let established =
        reason.windows(ESTABLISHED.len()).any(|word| word.eq_ignore_ascii_case(ESTABLISHED));
    let reason = if established { ReasonPhrase::Established } else { ReasonPhrase::Other };
    MessageHead::Response(response, fields, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(head: &[u8]) -> HttpRequest<'_> {
        match read(head) {
            Some(MessageHead::Request(request, _)) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_ordinary_request_is_read() {
        let head = b"POST /rig1 HTTP/1.0\r\nHost: Node.Example:8332\r\nUser-Agent: cgminer 4.12\r\nAuthorization: Basic cmlnMTp4\r\n\r\n";
        let expected = HttpRequest {
            method: "POST".into(),
            target: "/rig1".into(),
            authority: Some("node.example:8332".into()),
            user_agent: Some("cgminer 4.12".into()),
            user: Some("rig1".into()),
            version: Some("HTTP/1.0".into()),
            ..HttpRequest::default()
        };
        assert_eq!(request(head), expected);
    }

    #[test]
    fn an_absolute_target_names_the_host() {
        let host = |target: &str| {
            let head = format!("GET {target} HTTP/1.1\r\nHost: proxy.example\r\n\r\n");
            request(head.as_bytes()).into_owned().authority
        };
        assert_eq!(
            host("http://u:p@Pool.example:80/x?u=http://y/").as_deref(),
            Some("pool.example:80")
        );
        assert_eq!(host("/go?to=http://other.example/").as_deref(), Some("proxy.example"));
        assert_eq!(host("http:///x").as_deref(), Some("proxy.example"));
        let head = b"CONNECT Pool.Example:3333 HTTP/1.1\r\nHost: decoy.example\r\n\r\n";
        assert_eq!(request(head).authority.as_deref(), Some("pool.example:3333"));
        let head = b"CONNECT / HTTP/1.1\r\nHost: pool.example\r\n\r\n";
        assert_eq!(request(head).authority.as_deref(), Some("pool.example"));
    }

    #[test]
    fn what_httparse_refuses_names_its_host_all_the_same() {
        let many: String = (0..150).map(|n| format!("X-{n}: 1\r\n")).collect();
        for odd in [
            "X-Odd: a\x01b\r\n", // a control byte in a value
            "X Odd: 1\r\n",      // a blank in a name
            "no colon at all\r\n",
            "X-Folded: a\r\n Host: decoy.example\r\n",
            many.as_str(),
        ] {
            let head =
                format!("GET /a HTTP/1.1\r\n{odd}Host: pool.example\r\nUser-Agent: x\r\n\r\n");
            let request = request(head.as_bytes());
            assert_eq!(request.authority.as_deref(), Some("pool.example"), "{odd:?}");
            assert_eq!(request.user_agent.as_deref(), Some("x"));
            assert_eq!(request.target, "/a");
        }
        assert_eq!(request(b"GET /a b\tc HTTP/1.1\nHost:pool.example\n\n").target, "/a b\\u{9}c");
        assert_eq!(request(b"GET /x?a b\r\nHost: pool.example\r\n\r\n").target, "/x?a b");
        assert_eq!(request(b"GET /\xff\x7f HTTP/1.1\n\n").target, "/\u{fffd}\\u{7f}");
    }

    #[test]
    fn the_version_is_the_one_that_was_sent() {
        let version = |head: &'static [u8]| request(head).version;
        assert_eq!(version(b"GET / HTTP/1.1\r\n\r\n").as_deref(), Some("HTTP/1.1"));
        assert_eq!(version(b"GET / HTTP/2.0\r\n\r\n").as_deref(), Some("HTTP/2.0"));
        assert_eq!(version(b"GET /old\r\nHost: pool.example\r\n\r\n"), None);
        let head = b"HTTP/1.7 200 OK\r\n\r\n";
        let Some(MessageHead::Response(response, ..)) = read(head) else { panic!() };
        assert_eq!(response.version, "HTTP/1.7");
    }

    #[test]
    fn a_response_is_read_with_folded_fields_and_bare_line_feeds() {
        let head =
            b"HTTP/1.1  200\nX-Folded: a\n b\nContent-Type : text/plain\nContent-Length: 5\n\n";
        let Some(MessageHead::Response(response, fields, reason)) = read(head) else { panic!() };
        assert_eq!(response.status, 200);
        assert_eq!(response.content_type.as_deref(), Some("text/plain"));
        assert_eq!((fields.length, reason), (Some(5), ReasonPhrase::Other));
        let head = b"HTTP/1.0 200 Connection Established\r\nproxy\x01agent: x\r\n\r\n";
        let Some(MessageHead::Response(_, _, reason)) = read(head) else { panic!() };
        assert_eq!(reason, ReasonPhrase::Established);
    }

    #[test]
    fn other_protocols_with_like_words_are_not_http() {
        for bytes in [
            &b"OPTIONS sip:x SIP/2.0\r\nVia: x"[..],
            b"GET key\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"\x16\x03\x01",
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ] {
            let mut gathering = HeadBuffer::default();
            let gathered = gathering.push(bytes);
            assert!(matches!(gathered, HeadProgress::NotHttp), "{bytes:?} {gathered:?}");
        }
    }

    #[test]
    fn an_endless_head_is_told_as_far_as_it_goes() {
        let mut gathering = HeadBuffer::default();
        assert!(matches!(
            gathering.push(b"GET / HTTP/1.1\r\nHost: a.example\r\nX: "),
            HeadProgress::More
        ));
        for _ in 0..=MAX_HEAD / 1000 {
            match gathering.push(&[b'x'; 1000]) {
                HeadProgress::More => assert!(gathering.bytes.len() < MAX_HEAD),
                HeadProgress::TooLong(Some(head)) => {
                    let MessageHead::Request(request, _) = head else { panic!() };
                    assert_eq!(request.authority.as_deref(), Some("a.example"));
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("no end");
    }

    proptest! {
        #[test]
        fn any_segmentation_gives_the_same_head(
            lines in prop::collection::vec("[ -~]{0,20}", 0..8),
            ends in prop::collection::vec(any::<bool>(), 10),
            cut in 1usize..30,
        ) {
            let mut bytes = b"GET /x HTTP/1.1\r\n".to_vec();
            for (line, crlf) in lines.iter().filter(|line| !line.is_empty()).zip(&ends) {
                bytes.extend(line.bytes());
                bytes.extend(if *crlf { &b"\r\n"[..] } else { b"\n" });
            }
            bytes.extend(b"\r\nrest");
            let mut gathering = HeadBuffer::default();
            let HeadProgress::Head(whole, used) = gathering.push(&bytes) else { panic!() };
            prop_assert_eq!(&bytes[used..], b"rest");
            let (mut gathering, mut offset) = (HeadBuffer::default(), 0);
            for piece in bytes.chunks(cut) {
                match gathering.push(piece) {
                    HeadProgress::More => offset += piece.len(),
                    HeadProgress::Head(head, used) => {
                        prop_assert_eq!(&bytes[offset + used..], b"rest");
                        prop_assert_eq!(format!("{head:?}"), format!("{whole:?}"));
                        return Ok(());
                    }
                    other => panic!("{other:?}"),
                }
            }
            prop_assert!(false, "no head");
        }

        #[test]
        fn a_head_that_is_read_strictly_ends_at_its_first_empty_line(
            start in prop::sample::select(vec!["GET /", "GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\n"]),
            pieces in prop::collection::vec(
                prop::sample::select(vec!["\r\n", "\n", "\r", " ", "\t", "A", ":", "A: b", "C: d\r\n"]),
                0..12,
            ),
        ) {
            let bytes = [start, &pieces.concat(), "\r\n\r\nrest"].concat().into_bytes();
            if let Some((_, length)) = read_strictly(&bytes) {
                prop_assert_eq!(Some(length), end(&bytes, 0));
            }
            let whole = end(&bytes, 0).unwrap();
            let (all, head) = (read_strictly(&bytes), read_strictly(&bytes[..whole]));
            prop_assert_eq!(format!("{all:?}"), format!("{head:?}"));
        }

        #[test]
        fn random_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            start in prop::sample::select(vec!["", "GET ", "GET / HTTP/1.1\r\n", "HTTP/1.1 2", "HTTP/1.1 200 OK\n"]),
        ) {
            let bytes = [start.as_bytes(), &bytes, b"\n\n"].concat();
            read(&bytes);
            let mut gathering = HeadBuffer::default();
            for piece in bytes.chunks(3) {
                gathering.push(piece);
            }
            gathering.salvage();
        }
    }
}
