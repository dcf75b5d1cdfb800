//! QUIC (RFC 9000): reads the server's name from the ClientHello in a client's Initial packets.

mod crypto_stream;
mod frame;
mod keys;
mod packet;
#[cfg(test)]
mod samples;
mod varint;

use super::description::{DatagramProtocol, FirstDatagram};
use super::parser::{Context, Next, Parser, Probe, after_first_chunk};
use super::tls::client_hello;
use super::tls::reader::Reader;
use super::tls::record::Message;
use crate::model::Chunk;
use crate::model::chunk::Direction;
use crate::model::event::{Event, QuicInitial};
use crypto_stream::CryptoStream;
use keys::Keys;
use packet::Initial;

/// Datagrams of both directions after which the parser stops waiting for the rest of a ClientHello.
///
/// Clients need two or three datagrams for it, and repeat them a few times.
const MAX_DATAGRAMS: u8 = 24;
/// Packets read of one datagram: usually it has one of each type.
const MAX_PACKETS: usize = 4;
/// Connection IDs from which keys are derived.
///
/// They are the client's first, one after a Retry, and those of packets that come before either.
const MAX_KEYS: u8 = 8;
/// Handshake type (RFC 8446 Appendix B.3).
const CLIENT_HELLO: u8 = 1;

pub(super) const DATAGRAMS: DatagramProtocol = DatagramProtocol {
    name: "quic",
    first_datagram: |context, chunk| {
        if probe_datagram(chunk.bytes) == Probe::NotForUs {
            return FirstDatagram::NotForUs;
        }
        match after_first_chunk::<QuicConnection>(context, chunk) {
            Some(parser) => FirstDatagram::More(parser),
            None => FirstDatagram::Done,
        }
    },
};

/// Decides whether a datagram begins with a long header of a supported version.
fn probe_datagram(bytes: &[u8]) -> Probe {
    match packet::start(&mut Reader::new(bytes)) {
        Some(_) => Probe::Certain,
        None => Probe::NotForUs,
    }
}

/// The parser of one QUIC connection.
#[derive(Default)]
pub(super) struct QuicConnection {
    keys: Option<Keys>,
    /// Number of connection IDs tried so far.
    tried: u8,
    /// The direction of the packets that the keys decrypt.
    client: Option<Direction>,
    version: u32,
    stream: CryptoStream,
    datagrams: u8,
}

impl Parser for QuicConnection {
    fn held(&self) -> usize {
        self.stream.held()
    }

    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        self.datagrams = self.datagrams.saturating_add(1);
        if self.client.is_none_or(|client| client == chunk.direction) {
            let mut datagram = chunk.bytes;
            let packets = std::iter::from_fn(|| packet::next(&mut datagram));
            for initial in packets.take(MAX_PACKETS).flatten() {
                let _ = self.initial(&initial, chunk.direction, &mut context.scratch.packet);
            }
        }
        let whole = Message::cut(self.stream.front()).is_some_and(|message| message.whole);
        if !whole && self.datagrams < MAX_DATAGRAMS {
            return Next::More;
        }
        self.close(context);
        Next::Done
    }

    fn close(&mut self, context: &mut Context<'_>) {
        let Some(message) = Message::cut(self.stream.front()) else { return };
        if message.kind == CLIENT_HELLO
            && let Some(mut hello) =
                client_hello::read(message.body, message.whole, context.scratch.brief)
        {
            hello.direction = self.client.unwrap_or_default();
            context.emit(Event::Quic(&QuicInitial { version: self.version, hello }));
        }
    }
}

impl QuicConnection {
    /// Adds the CRYPTO frames of an Initial packet. Returns `None` if it cannot be decrypted.
    fn initial(
        &mut self,
        initial: &Initial<'_>,
        direction: Direction,
        frames: &mut Vec<u8>,
    ) -> Option<()> {
        let known = self.keys.as_ref().and_then(|keys| keys.open(initial, frames));
        if known.is_none() {
            // This is the first packet seen, or the first after a Retry (RFC 9001 §5.2).
            self.tried = self.tried.checked_add(1).filter(|tried| *tried <= MAX_KEYS)?;
            let keys = Keys::of_client(initial.version, initial.dcid)?;
            keys.open(initial, frames)?;
            self.keys = Some(keys);
            self.client = Some(direction);
            self.version = initial.version.number;
        }
        for piece in frame::crypto(frames) {
            self.stream.insert(piece.offset, piece.data);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{
        ClientPacket, PUBLISHED_DCID, crypto, published_frames, retry, server_initial,
    };
    use super::*;
    use crate::model::chunk::Direction::{ToClient, ToServer};
    use crate::protocol::tls::samples::{Heard, Tap, message, usual_hello};
    use proptest::prelude::*;

    fn hello(name: &str) -> Vec<u8> {
        message(CLIENT_HELLO, &usual_hello(name))
    }

    fn sni(tap: &Tap<QuicConnection>) -> Option<&str> {
        let [initial] = &tap.heard.initials[..] else { return None };
        initial.hello.sni.as_deref()
    }

    #[test]
    fn the_published_packets_show_their_name() {
        for number in [0x0000_0001, 0x6b33_43cf] {
            let packet = ClientPacket::new(number, PUBLISHED_DCID).number(2);
            let datagram = packet.sealed(&published_frames());
            assert_eq!(probe_datagram(&datagram), Probe::Certain);
            let mut tap = Tap::<QuicConnection>::new();
            assert_eq!(tap.send(ToServer, &datagram), Next::Done);
            assert_eq!(sni(&tap), Some("example.com"));
            assert_eq!(tap.heard.initials[0].version, number);
            assert_eq!(tap.heard.initials[0].hello.alpn, ["alpn"]);
        }
    }

    #[test]
    fn drafts_and_reserved_versions_show_their_name() {
        for number in [0xff00_0015, 0xff00_001d, 0xface_b002, 0x5430_3531, 0xfafa_fafa] {
            let packet = ClientPacket::new(number, b"client's");
            let mut tap = Tap::<QuicConnection>::new();
            let datagram = packet.sealed(&crypto(0, &hello("www.example")));
            assert_eq!(tap.send(ToServer, &datagram), Next::Done, "{number:08x}");
            assert_eq!(sni(&tap), Some("www.example"));
            assert_eq!(tap.heard.initials[0].version, number);
        }
    }

    #[test]
    fn a_name_cut_in_the_middle_with_its_tail_first_is_read() {
        let hello = hello("www.pool.example");
        let cut = hello.windows(4).position(|part| part == b"pool").unwrap() + 2;
        let (head, tail) = hello.split_at(cut);
        let packet = ClientPacket::new(1, b"client's");
        let mut tap = Tap::<QuicConnection>::new();
        let first = packet.number(0).sealed(&crypto(cut, tail));
        assert_eq!(tap.send(ToServer, &first), Next::More);
        assert_eq!(tap.send(ToServer, &packet.number(1).sealed(&crypto(0, head))), Next::Done);
        assert_eq!(sni(&tap), Some("www.pool.example"));
        assert!(!tap.heard.initials[0].hello.truncated);
    }

    #[test]
    fn packets_may_share_a_datagram() {
        let hello = hello("www.example");
        let (head, tail) = hello.split_at(60);
        let packet = ClientPacket::new(1, b"client's");
        let datagram = [
            packet.number(0).sealed(&crypto(60, tail)),
            packet.number(1).sealed(&crypto(0, head)),
            vec![0; 40],
        ];
        let mut tap = Tap::<QuicConnection>::new();
        assert_eq!(tap.send(ToServer, &datagram.concat()), Next::Done);
        assert_eq!(sni(&tap), Some("www.example"));
    }

    #[test]
    fn later_packets_have_the_servers_connection_id_and_the_same_keys() {
        let hello = hello("www.example");
        let (head, tail) = hello.split_at(60);
        let packet = ClientPacket::new(1, b"client's");
        let mut tap = Tap::<QuicConnection>::new();
        tap.send(ToServer, &packet.sealed(&crypto(0, head)));
        tap.send(ToClient, &server_initial(1, b"client's"));
        let second = packet.number(1).to(b"server").sealed(&crypto(60, tail));
        assert_eq!(tap.send(ToServer, &second), Next::Done);
        assert_eq!(sni(&tap), Some("www.example"));
    }

    #[test]
    fn a_retry_changes_the_keys() {
        let hello = hello("www.example");
        let (head, _) = hello.split_at(60);
        let mut tap = Tap::<QuicConnection>::new();
        tap.send(ToServer, &ClientPacket::new(1, b"client's").sealed(&crypto(0, head)));
        tap.send(ToClient, &retry(1));
        let again = ClientPacket::new(1, b"retried!").number(1).token(b"a token");
        assert_eq!(tap.send(ToServer, &again.sealed(&crypto(0, &hello))), Next::Done);
        assert_eq!(sni(&tap), Some("www.example"));
    }

    #[test]
    fn a_capture_that_begins_with_the_server_is_read_when_the_client_repeats_itself() {
        let mut tap = Tap::<QuicConnection>::new();
        assert_eq!(tap.send(ToServer, &server_initial(1, b"client's")), Next::More);
        let packet = ClientPacket::new(1, b"client's").sealed(&crypto(0, &hello("www.example")));
        assert_eq!(tap.send(ToClient, &packet), Next::Done);
        assert_eq!(sni(&tap), Some("www.example"));
    }

    #[test]
    fn a_hello_without_its_end_shows_what_was_read() {
        let hello = hello("www.example");
        let packet =
            ClientPacket::new(1, b"client's").sealed(&crypto(0, &hello[..hello.len() - 9]));
        let mut tap = Tap::<QuicConnection>::new();
        tap.send(ToServer, &packet);
        tap.close();
        assert_eq!(sni(&tap), Some("www.example"));
        assert!(tap.heard.initials[0].hello.truncated);
    }

    #[test]
    fn what_never_completes_is_given_up() {
        let mut tap = Tap::<QuicConnection>::new();
        let packet = server_initial(1, b"unknown");
        let more = (0..100).take_while(|_| tap.send(ToServer, &packet) == Next::More).count();
        assert_eq!(more, usize::from(MAX_DATAGRAMS) - 1);
        assert_eq!(tap.parser.tried, MAX_KEYS);
        assert_eq!(tap.heard, Heard::default());
    }

    #[test]
    fn other_datagrams_are_not_quic() {
        for bytes in [
            &[][..],
            &[0xc0, 0x00, 0x00, 0x00], // too short for a version
            &[0x40, 0x00, 0x00, 0x00, 0x01, 0x00], // short header
            &[0xc0, 0x0a, 0x1a, 0x2a, 0x3b, 0x08], // no version that can be read
            &[0x80, 0x00, 0x00, 0x00, 0x01, 0x08], // the fixed bit is 0
            b"a datagram of text",
        ] {
            assert_eq!(probe_datagram(bytes), Probe::NotForUs, "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn any_pieces_in_any_order_give_the_same_hello(
            cuts in prop::collection::btree_set(1usize..200, 0..6),
            order in any::<[prop::sample::Index; 7]>(),
            overlap in 0usize..20,
        ) {
            let hello = hello("a.name.that.is.cut.example");
            let mut cuts: Vec<usize> = cuts.into_iter().collect();
            cuts.insert(0, 0);
            cuts.push(hello.len());
            let mut pieces: Vec<_> = cuts
                .windows(2)
                .map(|cut| crypto(cut[0], &hello[cut[0]..hello.len().min(cut[1] + overlap)]))
                .collect();
            let packet = ClientPacket::new(1, b"client's");
            let mut tap = Tap::<QuicConnection>::new();
            for (number, index) in order.iter().enumerate() {
                if pieces.is_empty() {
                    break;
                }
                let piece = pieces.swap_remove(index.index(pieces.len()));
                let packet = packet.number(number as u8).sealed(&piece);
                if tap.send(ToServer, &packet) == Next::Done {
                    break;
                }
            }
            prop_assert_eq!(sni(&tap), Some("a.name.that.is.cut.example"));
        }

        #[test]
        fn a_damaged_datagram_never_panics(
            position in any::<prop::sample::Index>(),
            value in any::<u8>(),
            length in any::<prop::sample::Index>(),
        ) {
            let mut datagram = ClientPacket::new(1, b"client's").sealed(&crypto(0, b"hello"));
            let position = position.index(datagram.len());
            datagram[position] = value;
            let mut tap = Tap::<QuicConnection>::new();
            tap.send(ToServer, &datagram);
            tap.send(ToServer, &datagram[..length.index(datagram.len())]);
            tap.close();
        }

        #[test]
        fn random_frames_never_panic(frames in prop::collection::vec(0u8..32, 4..100)) {
            let mut tap = Tap::<QuicConnection>::new();
            tap.send(ToServer, &ClientPacket::new(1, b"client's").sealed(&frames));
            tap.close();
        }
    }
}
