//! TLS 1.3 by its outside: a client hello as OpenSSL 3.0 sends it, without a server's name as
//! miners leave it out, then records of the right sizes full of random bytes.

use crate::conversation::{Conversation, Message, ONE_WAY, Speaker, Tag};
use crate::rng::Rng;

/// Content types of records.
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// What encryption adds to the plain text of a record: the inner content type and the tag.
const OVERHEAD: usize = 17;

/// Sizes of the server's encrypted handshake with a self-signed RSA certificate: extensions,
/// certificate, its proof, finished.
const SERVER_FLIGHT: [usize; 4] = [6, 832, 264, 52];
/// `Finished` with SHA-384.
const FINISHED: usize = 52;
/// OpenSSL's servers send two of these.
const TICKET: usize = 250 - OVERHEAD;

/// Cipher suites that OpenSSL 3.0 offers, in its order.
const SUITES: [u16; 31] = [
    0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x009e,
    0xc024, 0xc028, 0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033,
    0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x00ff,
];
const GROUPS: [u16; 10] =
    [0x001d, 0x0017, 0x001e, 0x0019, 0x0018, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104];
const SIGNATURES: [u16; 20] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401,
    0x0501, 0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602,
];
const VERSIONS: [u16; 4] = [0x0304, 0x0303, 0x0302, 0x0301];

/// Encrypts `conversation`.
pub fn wrap(conversation: &mut Conversation, rng: &mut Rng) {
    for message in &mut conversation.messages {
        message.bytes = sealed(message.bytes.len(), rng);
    }
    conversation.delay(5 * ONE_WAY);
    let session = rng.bytes(32);
    let mut client = record(HANDSHAKE, &hello(&session, rng));
    client[2] = 1; // the first record says TLS 1.0
    let mut server = record(HANDSHAKE, &server_hello(&session, rng));
    server.extend(record(CHANGE_CIPHER_SPEC, &[1]));
    SERVER_FLIGHT.iter().for_each(|size| server.extend(sealed(*size, rng)));
    let mut finished = record(CHANGE_CIPHER_SPEC, &[1]);
    finished.extend(sealed(FINISHED, rng));
    let tickets = [sealed(TICKET, rng), sealed(TICKET, rng)].concat();
    let message = |n: u64, from, bytes| Message { at: n * ONE_WAY, from, bytes, tag: Tag::Other };
    let handshake = [
        message(1, Speaker::Miner, client),
        message(2, Speaker::Pool, server),
        message(3, Speaker::Miner, finished),
        message(4, Speaker::Pool, tickets),
    ];
    conversation.messages.splice(0..0, handshake);
    conversation.facts.carriers.insert(0, "tls");
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &(payload.len() as u16).to_be_bytes(), payload].concat()
}

/// A record of so much plain text, or several.
fn sealed(plain: usize, rng: &mut Rng) -> Vec<u8> {
    /// Most plain text of a record (RFC 8446 §5.1).
    const MAX: usize = 16_384;
    let mut bytes = Vec::new();
    let mut rest = plain;
    loop {
        let size = rest.min(MAX);
        bytes.extend(record(APPLICATION_DATA, &rng.bytes(size + OVERHEAD)));
        rest -= size;
        if rest == 0 {
            return bytes;
        }
    }
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&[kind], &length[1..], body].concat()
}

fn list(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// `bytes` with their length in front, in two bytes.
fn long(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
}

/// `bytes` with their length in front, in one byte.
fn short(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8][..], bytes].concat()
}

fn extension(number: u16, data: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &long(data)].concat()
}

fn hello(session: &[u8], rng: &mut Rng) -> Vec<u8> {
    let share = [&[0, 0x1d][..], &long(&rng.bytes(32))].concat();
    let extensions = [
        extension(11, &short(&[0, 1, 2])),
        extension(10, &long(&list(&GROUPS))),
        extension(35, &[]),
        extension(22, &[]),
        extension(23, &[]),
        extension(13, &long(&list(&SIGNATURES))),
        extension(43, &short(&list(&VERSIONS))),
        extension(45, &short(&[1])),
        extension(51, &long(&share)),
    ];
    let body = [
        vec![3, 3],
        rng.bytes(32),
        short(session),
        long(&list(&SUITES)),
        short(&[0]),
        long(&extensions.concat()),
    ];
    handshake(1, &body.concat())
}

fn server_hello(session: &[u8], rng: &mut Rng) -> Vec<u8> {
    let share = [&[0, 0x1d][..], &long(&rng.bytes(32))].concat();
    let extensions = [extension(43, &[3, 4]), extension(51, &share)].concat();
    let body = [vec![3, 3], rng.bytes(32), short(session), vec![0x13, 0x02, 0], long(&extensions)];
    handshake(2, &body.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn the_hello_has_the_size_of_openssl_s_and_records_those_of_their_messages() {
        let mut conversation =
            Dialect::Monero.converse(&Dialect::Monero.typical(), &mut Rng::new(1));
        let plain: Vec<usize> = conversation.messages.iter().map(|m| m.bytes.len()).collect();
        wrap(&mut conversation, &mut Rng::new(2));
        assert_eq!(conversation.messages[0].bytes.len(), 297);
        for (message, plain) in conversation.messages.iter().skip(4).zip(plain) {
            assert_eq!(message.bytes.len(), plain + 17 + 5);
        }
    }
}
