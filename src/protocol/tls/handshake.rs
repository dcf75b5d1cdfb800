//! Parses a TLS connection until it is encrypted.

use super::record::{Message, NotTls, RecordItem, Records};
use super::{certificate, client_hello, server_hello};
use crate::model::Chunk;
use crate::model::chunk::Direction;
use crate::model::event::{Event, TlsHandshake};
use crate::protocol::parser::{Context, Next, Parser};

/// Chunks that the parser waits for the other direction after one has ended.
///
/// A mirror port may deliver the two directions a few packets apart, and a client's early data
/// comes before any response. A one-way mirror never delivers the other direction.
const PATIENCE: u8 = 16;

/// Handshake types (RFC 8446 Appendix B.3, RFC 5246 §7.4, RFC 4680).
const HELLO_REQUEST: u8 = 0;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SUPPLEMENTAL_DATA: u8 = 23;

/// The parser of one TLS connection.
#[derive(Debug, Default)]
pub struct HandshakeReader {
    sides: [HandshakeStream; 2],
    found: TlsHandshake,
    /// Chunks since the first direction ended.
    waited: u8,
}

/// One direction of a connection.
#[derive(Debug, Default)]
struct HandshakeStream {
    records: Records,
    progress: HandshakeProgress,
}

/// The sender of a direction, as its messages show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TlsPeer {
    Client,
    Server,
}

/// The progress of one direction.
#[derive(Debug, Default)]
struct HandshakeProgress {
    peer: Option<TlsPeer>,
    /// The server has asked for a second ClientHello.
    retry: bool,
    end: Option<End>,
}

/// The reason why reading has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// All relevant messages in clear text were read.
    Clear,
    /// The rest is lost, or is not TLS.
    Unreadable,
}

impl Parser for HandshakeReader {
    fn held(&self) -> usize {
        let messages = self.sides.iter().map(|side| side.records.held()).sum::<usize>();
        let names = self.found.certificates.iter().flat_map(|certificate| &certificate.names);
        messages + names.map(|name| size_of::<String>() + name.capacity()).sum::<usize>()
    }

    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        if self.sides.iter().any(HandshakeStream::is_over) {
            self.waited += 1;
        }
        if chunk.gap > 0 {
            self.interrupt(context, chunk.direction);
        }
        self.read(context, chunk);
        if context.scratch.brief && self.found.client.as_ref().is_some_and(|c| c.sni.is_some()) {
            return Next::Done; // the certificate matters only if the client sends no server name
        }
        if !self.is_complete() {
            return Next::More;
        }
        if self.is_empty() {
            return Next::Reject;
        }
        context.emit(Event::TlsHandshake(&self.found));
        Next::Done
    }

    fn close(&mut self, context: &mut Context<'_>) {
        for direction in Direction::BOTH {
            self.interrupt(context, direction);
        }
        if !self.is_empty() {
            context.emit(Event::TlsHandshake(&self.found));
        }
    }
}

impl HandshakeReader {
    fn read(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) {
        let HandshakeStream { records, progress } = &mut self.sides[chunk.direction.index()];
        let mut input = chunk.bytes;
        while progress.end.is_none() {
            let read = match records.next(&mut input) {
                Ok(None) => return,
                Ok(Some(item)) => progress.item(item, chunk.direction, &mut self.found, context),
                Err(NotTls) => Err(NotTls),
            };
            if read.is_err() {
                progress.end = Some(End::Unreadable);
            }
        }
        *records = Records::default();
    }

    /// Reads the pending part of a message after lost bytes or at the end of the connection.
    fn interrupt(&mut self, context: &mut Context<'_>, direction: Direction) {
        let HandshakeStream { records, progress } = &mut self.sides[direction.index()];
        if let Some(message) = std::mem::take(records).pending() {
            let _ = progress.message(message, direction, &mut self.found, context);
            progress.end.get_or_insert(End::Unreadable);
        }
    }

    fn is_empty(&self) -> bool {
        let TlsHandshake { client, server, certificates, .. } = &self.found;
        client.is_none() && server.is_none() && certificates.is_empty()
    }

    /// Returns whether no more information can come.
    fn is_complete(&self) -> bool {
        let [one, other] = &self.sides;
        let (over, open) = match (one.is_over(), other.is_over()) {
            (false, false) => return false,
            (true, true) => return true,
            (true, false) => (&one.progress, &other.records),
            (false, true) => (&other.progress, &one.records),
        };
        let answered = over.peer == Some(TlsPeer::Server) && self.found.client.is_some();
        let began_later =
            over.end == Some(End::Clear) && self.is_empty() && open.pending().is_none();
        answered || began_later || self.waited >= PATIENCE
    }
}

impl HandshakeStream {
    fn is_over(&self) -> bool {
        self.progress.end.is_some()
    }
}

impl HandshakeProgress {
    fn item(
        &mut self,
        item: RecordItem<'_>,
        direction: Direction,
        found: &mut TlsHandshake,
        context: &mut Context<'_>,
    ) -> Result<(), NotTls> {
        match item {
            RecordItem::Message(message) => self.message(message, direction, found, context)?,
            // A dummy for middleboxes (RFC 8446 Appendix D.4); another hello may follow.
            RecordItem::ChangeCipherSpec if self.peer == Some(TlsPeer::Client) || self.retry => {}
            RecordItem::ChangeCipherSpec | RecordItem::ApplicationData => {
                self.end = Some(End::Clear)
            }
        }
        Ok(())
    }

    fn message(
        &mut self,
        message: Message<'_>,
        direction: Direction,
        found: &mut TlsHandshake,
        context: &mut Context<'_>,
    ) -> Result<(), NotTls> {
        let Message { kind, body, whole } = message;
        // Only the server's certificate is read, not the client's.
        let from_server = match self.peer {
            Some(peer) => peer == TlsPeer::Server,
            None => direction == Direction::ToClient,
        };
        match kind {
            CLIENT_HELLO if self.peer != Some(TlsPeer::Server) => {
                let mut hello =
                    client_hello::read(body, whole, context.scratch.brief).ok_or(NotTls)?;
                hello.direction = direction;
                found.direction = direction;
                context.emit(Event::TlsClientHello(&hello));
                found.client.get_or_insert(hello);
                // A second hello answers a HelloRetryRequest, and there is no third.
                let again = self.peer.replace(TlsPeer::Client).is_some();
                self.end = match whole {
                    true => again.then_some(End::Clear),
                    false => Some(End::Unreadable),
                };
            }
            SERVER_HELLO if self.peer != Some(TlsPeer::Client) && whole => {
                let (hello, retry) = server_hello::read(body).ok_or(NotTls)?;
                found.server = Some(hello);
                found.direction = direction.reverse();
                self.peer = Some(TlsPeer::Server);
                self.retry = retry;
            }
            CERTIFICATE if from_server => {
                found.certificates = certificate::chain(body, context.scratch.brief);
                found.direction = direction.reverse();
                self.peer = Some(TlsPeer::Server);
                self.end = Some(End::Clear);
            }
            HELLO_REQUEST | SUPPLEMENTAL_DATA => {}
            _ => self.end = Some(End::Clear),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chunk::Direction::{ToClient, ToServer};
    use crate::protocol::tls::record::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE};
    use crate::protocol::tls::samples::{self, Tap, flight, record};
    use crate::protocol::tls::server_hello::HELLO_RETRY_REQUEST;
    use proptest::prelude::*;

    const CLIENT_KEY_EXCHANGE: u8 = 16;

    fn client_hello() -> Vec<u8> {
        flight(CLIENT_HELLO, &samples::usual_hello("pool.example"))
    }

    fn server_hello(version: u16) -> Vec<u8> {
        flight(SERVER_HELLO, &samples::server_hello(version, [1; 32]))
    }

    fn certificate() -> Vec<u8> {
        flight(CERTIFICATE, &samples::chain(&[samples::certificate(&["pool.example"])]))
    }

    fn change_cipher_spec() -> Vec<u8> {
        record(CHANGE_CIPHER_SPEC, &[1])
    }

    fn encrypted() -> Vec<u8> {
        record(APPLICATION_DATA, &[0xe5; 40])
    }

    #[test]
    fn before_tls_1_3_the_certificate_is_the_end() {
        let mut tap = Tap::<HandshakeReader>::new();
        assert_eq!(tap.send(ToServer, &client_hello()), Next::More);
        assert_eq!(tap.heard.hellos.len(), 1);
        assert_eq!(tap.heard.hellos[0].sni.as_deref(), Some("pool.example"));
        assert_eq!(tap.send(ToClient, &server_hello(0x0303)), Next::More);
        assert_eq!(tap.send(ToClient, &certificate()), Next::Done);
        let [handshake] = &tap.heard.handshakes[..] else { panic!("one handshake") };
        assert_eq!(handshake.client.as_ref(), tap.heard.hellos.first());
        assert_eq!(handshake.server.as_ref().unwrap().version, 0x0303);
        assert_eq!(handshake.certificates[0].names, ["pool.example"]);
    }

    #[test]
    fn in_tls_1_3_the_servers_hello_is_the_end() {
        for end in [change_cipher_spec(), encrypted()] {
            let mut tap = Tap::<HandshakeReader>::new();
            tap.send(ToServer, &client_hello());
            assert_eq!(tap.send(ToClient, &server_hello(0x0304)), Next::More);
            assert_eq!(tap.send(ToClient, &end), Next::Done);
            let handshake = &tap.heard.handshakes[0];
            assert_eq!(handshake.server.as_ref().unwrap().version, 0x0304);
            assert!(handshake.certificates.is_empty());
        }
    }

    #[test]
    fn a_resumed_session_ends_without_a_certificate() {
        let mut tap = Tap::<HandshakeReader>::new();
        tap.send(ToServer, &client_hello());
        let answer = [server_hello(0x0303), change_cipher_spec()].concat();
        assert_eq!(tap.send(ToClient, &answer), Next::Done);
        assert!(tap.heard.handshakes[0].certificates.is_empty());
    }

    #[test]
    fn a_retry_request_brings_a_second_hello() {
        let mut tap = Tap::<HandshakeReader>::new();
        tap.send(ToServer, &client_hello());
        let retry = flight(SERVER_HELLO, &samples::server_hello(0x0304, HELLO_RETRY_REQUEST));
        assert_eq!(tap.send(ToClient, &[retry, change_cipher_spec()].concat()), Next::More);
        let second = [change_cipher_spec(), client_hello()].concat();
        assert_eq!(tap.send(ToServer, &second), Next::More);
        assert_eq!(tap.send(ToServer, &client_hello()), Next::More);
        assert_eq!(tap.heard.hellos.len(), 2);
        let answer = [server_hello(0x0304), encrypted()].concat();
        assert_eq!(tap.send(ToClient, &answer), Next::Done);
        assert_eq!(tap.heard.handshakes.len(), 1);
    }

    #[test]
    fn a_warning_before_the_servers_hello_is_skipped() {
        let mut tap = Tap::<HandshakeReader>::new();
        tap.send(ToServer, &client_hello());
        let unrecognized_name = record(ALERT, &[1, 112]);
        let answer = [unrecognized_name, server_hello(0x0303), certificate()].concat();
        assert_eq!(tap.send(ToClient, &answer), Next::Done);
    }

    #[test]
    fn the_server_alone_tells_its_certificate() {
        let mut tap = Tap::<HandshakeReader>::new();
        let answer = [server_hello(0x0303), certificate()].concat();
        assert_eq!(tap.send(ToClient, &answer), Next::More);
        tap.close();
        let handshake = &tap.heard.handshakes[0];
        assert!(handshake.client.is_none());
        assert_eq!(handshake.certificates.len(), 1);
    }

    #[test]
    fn one_direction_alone_is_not_followed_for_ever() {
        for (direction, start) in [
            (ToServer, [client_hello(), flight(CLIENT_KEY_EXCHANGE, &[0; 66])].concat()),
            (ToClient, [server_hello(0x0304), change_cipher_spec()].concat()),
        ] {
            let mut tap = Tap::<HandshakeReader>::new();
            tap.send(direction, &start);
            let more = (0..100).take_while(|_| tap.send(direction, &encrypted()) == Next::More);
            assert_eq!(more.count(), usize::from(PATIENCE) - 1);
            assert_eq!(tap.heard.handshakes.len(), 1);
        }
    }

    #[test]
    fn a_client_that_is_heard_after_the_server_is_not_missed() {
        let mut tap = Tap::<HandshakeReader>::new();
        tap.send(ToClient, &[server_hello(0x0304), encrypted()].concat());
        assert_eq!(tap.send(ToServer, &client_hello()), Next::Done);
        assert!(tap.heard.handshakes[0].client.is_some());
    }

    #[test]
    fn a_certificate_of_the_client_says_nothing_of_the_server() {
        let mut tap = Tap::<HandshakeReader>::new();
        tap.send(ToServer, &[client_hello(), certificate()].concat());
        tap.close();
        assert!(tap.heard.handshakes[0].certificates.is_empty());
    }

    #[test]
    fn a_hello_that_is_cut_by_a_loss_shows_what_was_read() {
        let mut tap = Tap::<HandshakeReader>::new();
        let hello = client_hello();
        tap.send(ToServer, &hello[..hello.len() - 30]);
        assert!(tap.heard.hellos.is_empty());
        tap.send_after(30, ToServer, b"what comes after it");
        let [hello] = &tap.heard.hellos[..] else { panic!("one hello") };
        assert!(hello.truncated);
        assert_eq!(hello.sni.as_deref(), Some("pool.example"));
        tap.close();
        assert_eq!(tap.heard.handshakes[0].client.as_ref(), Some(&tap.heard.hellos[0]));
    }

    #[test]
    fn a_chain_that_is_cut_by_a_loss_keeps_the_leaf() {
        let chain = samples::chain(&[
            samples::certificate(&["leaf.example"]),
            samples::certificate(&["root.example"]),
        ]);
        let answer = [server_hello(0x0303), flight(CERTIFICATE, &chain)].concat();
        let mut tap = Tap::<HandshakeReader>::new();
        tap.send(ToServer, &client_hello());
        tap.send(ToClient, &answer[..answer.len() - 20]);
        assert_eq!(tap.send_after(20, ToClient, b"?"), Next::Done);
        assert_eq!(tap.heard.handshakes[0].certificates.len(), 1);
    }

    #[test]
    fn after_a_loss_reading_goes_on_at_a_record() {
        let mut tap = Tap::<HandshakeReader>::new();
        tap.send(ToServer, &client_hello());
        assert_eq!(tap.send_after(90, ToClient, &certificate()), Next::Done);
        assert_eq!(tap.heard.handshakes[0].certificates.len(), 1);
    }

    #[test]
    fn a_connection_that_is_under_way_is_not_followed() {
        for bytes in [encrypted(), change_cipher_spec(), flight(CLIENT_KEY_EXCHANGE, &[0; 66])] {
            let mut tap = Tap::<HandshakeReader>::new();
            assert_eq!(tap.send(ToServer, &bytes), Next::Reject);
            tap.close();
            assert_eq!(tap.heard, samples::Heard::default());
        }
    }

    #[test]
    fn a_client_that_begins_with_ssl_2_0_does_not_hide_the_server() {
        let mut tap = Tap::<HandshakeReader>::new();
        let hello = [0x80, 0x2e, 0x01, 0x03, 0x01, 0x00, 0x15, 0x00, 0x00, 0x00, 0x10];
        assert_eq!(tap.send(ToServer, &hello), Next::More);
        assert_eq!(tap.send(ToClient, &[server_hello(0x0303), certificate()].concat()), Next::Done);
        assert_eq!(tap.heard.handshakes[0].certificates.len(), 1);
    }

    #[test]
    fn what_only_looks_like_tls_is_rejected() {
        let text = b"sixty-six bytes of text that somebody put in a record of this type";
        for bytes in [
            flight(CLIENT_HELLO, text),
            flight(SERVER_HELLO, text),
            [record(HANDSHAKE, &[0, 0, 0, 0]), text.to_vec()].concat(),
        ] {
            let mut tap = Tap::<HandshakeReader>::new();
            assert_eq!(tap.send(ToServer, &bytes), Next::More);
            assert_eq!(tap.send(ToClient, text), Next::Reject);
            tap.close();
            assert_eq!(tap.heard, samples::Heard::default());
        }
    }

    proptest! {
        #[test]
        fn any_segmentation_gives_the_same_events(
            sizes in prop::collection::vec((1usize..200, any::<bool>()), 1..60),
        ) {
            let sides = [
                [client_hello(), change_cipher_spec()].concat(),
                [server_hello(0x0303), certificate()].concat(),
            ];
            let mut whole = Tap::<HandshakeReader>::new();
            whole.send(ToServer, &sides[0]);
            whole.send(ToClient, &sides[1]);

            let mut tap = Tap::<HandshakeReader>::new();
            let mut rest = [&sides[0][..], &sides[1][..]];
            let mut sizes = sizes.into_iter().cycle();
            let mut next = Next::More;
            while next == Next::More && rest.iter().any(|rest| !rest.is_empty()) {
                let (size, to_server) = sizes.next().unwrap();
                // The server does not answer before the hello has arrived.
                let to_server = (to_server || rest[0].len() > 6) && !rest[0].is_empty();
                let direction = if to_server { ToServer } else { ToClient };
                let rest = &mut rest[direction.index()];
                let (piece, left) = rest.split_at(size.min(rest.len()));
                *rest = left;
                next = tap.send(direction, piece);
            }
            prop_assert_eq!(next, Next::Done);
            prop_assert_eq!(tap.heard, whole.heard);
        }

        #[test]
        fn random_bytes_never_panic(
            pieces in prop::collection::vec(
                (any::<bool>(), 0u64..2, prop::collection::vec(any::<u8>(), 0..80)),
                0..20,
            ),
        ) {
            let mut tap = Tap::<HandshakeReader>::new();
            for (to_server, gap, mut bytes) in pieces {
                // Half of them begin like a handshake.
                if bytes.first().is_some_and(|byte| byte & 1 == 0) {
                    bytes.splice(..0, [22, 3, 1, 0, 60, bytes[0] & 15, 0, 0, 40, 3, 3]);
                }
                let direction = if to_server { ToServer } else { ToClient };
                if tap.send_after(gap, direction, &bytes) != Next::More {
                    break;
                }
            }
            tap.close();
            prop_assert!(tap.heard.handshakes.len() <= 2);
        }
    }
}
