//! WebSocket frames behind an upgrade, with or without compression.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minewatch::model::Direction::{ToClient, ToServer};
use minewatch_fuzz::{Setting, play};

/// The key and its answer are the example of RFC 6455 §1.3.
const REQUEST: &[u8] = b"GET /proxy HTTP/1.1\r\nHost: ws.example\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
const PLAIN: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const DEFLATE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

fuzz_target!(|input: &[u8]| {
    let compressed = input.first().is_some_and(|first| first & 0x80 != 0);
    let answer = if compressed { DEFLATE } else { PLAIN };
    play(&Setting::tcp(80, &[(ToServer, REQUEST), (ToClient, answer)]), input);
});
