//! A chain that another program made: what is told of it is what that program tells.

use minewatch::model::chunk::Chunk;
use minewatch::model::event::{Event, EventSink, Moment, TlsHandshake};
use minewatch::model::flow::{Flow, Transport};
use minewatch::model::{Direction, Timestamp};
use minewatch::protocol::inspector::Inspector;
use minewatch::protocol::parser::{Context, Scratch};

use crate::support::flow;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![hash_issuer_and_subject_are_those_that_openssl_shows]
}

/// `openssl x509 -outform der` of a certificate for nobody, and of the authority that signed it.
const LEAF: &str = "\
    308201d73082017da00302010202051a2b3c4d5e300a06082a8648ce3d0403023042310b3009060355040613 \
    024151311b3019060355040a0c12496e76656e74656420417574686f726974793116301406035504030c0d49 \
    6e76656e74656420526f6f743020170d3236313132353034303334345a180f32313236313130313034303334 \
    345a3035310b3009060355040613024151310f300d060355040a0c064e6f626f64793115301306035504030c \
    0c706f6f6c2e6578616d706c653059301306072a8648ce3d020106082a8648ce3d0301070342000451e74a44 \
    1ee0e1dd6a7941866481c143efb5ec05736ec5c0219d447a1a5a8f6ccda780db2ae438dea85943422f91c74a \
    0e9268722b061412a7834477592090c7a36b306930270603551d110420301e820c706f6f6c2e6578616d706c \
    65820e2a2e706f6f6c2e6578616d706c65301d0603551d0e04160414e5334672af4cd4e466cb9a88d0fc19f7 \
    663d8a81301f0603551d23041830168014c1f10dedb75730dc3467a829103b7cb1636b2805300a06082a8648 \
    ce3d04030203480030450221009cf1da55aa9b2987184108682c14696027cf1a72e98016f3397f5ef8f4c13c \
    aa02202f95ae34b085121e3a9832b8157a24700488e8dd1ebd41b309f306fae13a3b94";
const AUTHORITY: &str = "\
    308201db30820181a00302010202145d7099ef383a3593eb94ed2faf23db9b77e01dc9300a06082a8648ce3d \
    0403023042310b3009060355040613024151311b3019060355040a0c12496e76656e74656420417574686f72 \
    6974793116301406035504030c0d496e76656e74656420526f6f743020170d3236313132353034303334345a \
    180f32313236313130313034303334345a3042310b3009060355040613024151311b3019060355040a0c1249 \
    6e76656e74656420417574686f726974793116301406035504030c0d496e76656e74656420526f6f74305930 \
    1306072a8648ce3d020106082a8648ce3d030107034200042dd74a020fedcdaa675a44018fc13aa46c767f0b \
    0b0ba8e6a6db93685b2e7ba776091ac0bc622f5f977a1f0109598fe0341f783420612ce35a6b40a26c069a0c \
    a3533051301d0603551d0e04160414c1f10dedb75730dc3467a829103b7cb1636b2805301f0603551d230418 \
    30168014c1f10dedb75730dc3467a829103b7cb1636b2805300f0603551d130101ff040530030101ff300a06 \
    082a8648ce3d04030203480030450220533f79da84ec17c933d949e76fd3eb9387907d8f52d1f9d682a19fc7 \
    f112b58c022100b8198f63b89ba01322c22f8f9d6c2e822bc6999ea90f2479665f8804043b1fec";

#[derive(Default)]
struct Last(Option<TlsHandshake>);

impl EventSink for Last {
    fn event(&mut self, _: &Flow, _: Moment, event: Event<'_>) {
        if let Event::TlsHandshake(handshake) = event {
            self.0 = Some(handshake.clone());
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// In the notation of openssl's fingerprints.
fn fingerprint(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// What a TLS 1.2 server says: a ServerHello, then its chain.
fn server(chain: &[Vec<u8>]) -> Vec<u8> {
    let long = |part: &[u8]| [&(part.len() as u32).to_be_bytes()[1..], part].concat();
    let message = |kind: u8, body: &[u8]| {
        let message = [&[kind][..], &long(body)].concat();
        [&[22, 3, 3][..], &(message.len() as u16).to_be_bytes(), &message].concat()
    };
    let hello = [&[3, 3][..], &[7; 32], &[0, 0xc0, 0x2b, 0]].concat(); // no session, no extensions
    let list: Vec<u8> = chain.iter().flat_map(|one| long(one)).collect();
    [message(2, &hello), message(11, &long(&list)), message(14, &[])].concat()
}

fn told(said: &[u8], size: usize) -> TlsHandshake {
    let flow = flow::flow(Transport::Tcp, 50210, 443);
    let mut inspector = Inspector::new(&flow).unwrap();
    let (mut scratch, mut sink) = (Scratch::default(), Last::default());
    let (direction, time) = (Direction::ToClient, Timestamp::ZERO);
    for (packet, bytes) in (1..).zip(said.chunks(size)) {
        let at = Moment { time, packet };
        let chunk = Chunk { direction, time, packet, gap: 0, bytes };
        let mut context = Context { flow: &flow, at, scratch: &mut scratch, sink: &mut sink };
        inspector.chunk(&mut context, &chunk);
    }
    let at = Moment::default();
    inspector.close(&mut Context { flow: &flow, at, scratch: &mut scratch, sink: &mut sink });
    sink.0.unwrap()
}

fn hash_issuer_and_subject_are_those_that_openssl_shows() {
    let said = server(&[bytes(LEAF), bytes(AUTHORITY)]);
    for size in [said.len(), 536, 7, 1] {
        let handshake = told(&said, size);
        let [leaf, authority] = &handshake.certificates[..] else { panic!("{handshake:?}") };
        assert_eq!(leaf.subject, "C=AQ, O=Nobody, CN=pool.example");
        assert_eq!(leaf.issuer, "C=AQ, O=Invented Authority, CN=Invented Root");
        assert_eq!(leaf.serial, "1A:2B:3C:4D:5E");
        assert_eq!(leaf.names, ["pool.example", "*.pool.example"]);
        assert_eq!(leaf.not_before, Some(1_795_579_424)); // Nov 25 04:03:44 2026 GMT
        assert_eq!(leaf.not_after, Some(4_949_179_424)); // Nov  1 04:03:44 2126 GMT
        assert_eq!(
            fingerprint(&leaf.sha1),
            "42:E3:58:9D:47:53:2F:DD:F5:21:97:67:71:46:83:3C:09:10:2D:2B"
        );
        assert_eq!((&authority.subject, &authority.issuer), (&leaf.issuer, &leaf.issuer));
    }
}
