//! The parser of an HTTP/1 connection: the position of each direction in its messages.
//!
//! `dialogue` handles complete heads. `loss` resynchronises after lost or malformed bytes.

use super::body::{BodyProgress, MessageBody};
use super::exchange::{PendingRequests, Switch};
use super::head::{HeadBuffer, HeadProgress};
use crate::model::chunk::{Chunk, Direction};
use crate::model::event::HttpRequest;
use crate::model::event::mining::Carrier;
use crate::protocol::body::{BodyReader, BodyReaders};
use crate::protocol::parser::{Context, Handover, StreamParser, StreamProgress, Successor};
use crate::protocol::surroundings::Surroundings;
use crate::protocol::websocket;

/// An HTTP/1 connection. Its methods are also in `dialogue` and `loss`.
#[derive(Debug)]
pub(super) struct HttpConnection {
    /// Indexed by [`Direction::index`].
    pub(super) sides: [MessageStream; 2],
    /// Direction of the requests; set by the first head.
    pub(super) client: Option<Direction>,
    pub(super) asked: PendingRequests,
    pub(super) readers: BodyReaders,
    /// An event for a refused tunnel was emitted.
    pub(super) refusal_told: bool,
    /// Target of the newest request for a WebSocket; it may name a wallet.
    pub(super) socket_target: Option<Box<str>>,
}

#[derive(Debug, Default)]
pub(super) struct MessageStream {
    pub(super) state: ReadState,
    /// The request whose body is being read, if a reader wants it.
    pub(super) request: Option<Box<HttpRequest<'static>>>,
}

#[derive(Debug)]
pub(super) enum ReadState {
    Head(HeadBuffer),
    Body(MessageBody),
    /// The client has asked for another protocol: these bytes came before the answer.
    Early(Vec<u8>),
    /// Lines of JSON instead of messages: a Stratum server answers an HTTP request in this way.
    Lines,
    /// Out of sync for this many chunks.
    Lost(u32),
}

impl Default for ReadState {
    fn default() -> Self {
        ReadState::Head(HeadBuffer::default())
    }
}

/// The result of one parsing step.
pub(super) enum ReadStep {
    /// This many bytes were consumed.
    Used(usize),
    Done,
    /// Another protocol begins after this many bytes.
    Switch(usize, Switch),
}

impl HttpConnection {
    /// Creates the parser of a new connection.
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        HttpConnection {
            sides: Default::default(),
            client: None,
            asked: PendingRequests::default(),
            readers: BodyReaders::open(surroundings, Carrier::Http),
            refusal_told: false,
            socket_target: None,
        }
    }

    pub(super) fn side(&mut self, direction: Direction) -> &mut MessageStream {
        let [to_server, to_client] = &mut self.sides;
        match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        }
    }

    /// Parses bytes of one direction until all are consumed, HTTP ends or the protocol changes.
    pub(super) fn feed(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        bytes: &[u8],
    ) -> ReadStep {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            match self.step(context, direction, rest) {
                ReadStep::Used(count) => used += count,
                ReadStep::Switch(count, switch) => return ReadStep::Switch(used + count, switch),
                ReadStep::Done => return ReadStep::Done,
            }
        }
        ReadStep::Used(used)
    }

    fn step(&mut self, context: &mut Context<'_>, direction: Direction, bytes: &[u8]) -> ReadStep {
        let all = ReadStep::Used(bytes.len());
        let side = self.side(direction);
        match &mut side.state {
            ReadState::Body(body) => match body.push(bytes) {
                BodyProgress::More => all,
                BodyProgress::Complete(used) => {
                    if let ReadState::Body(body) = std::mem::take(&mut side.state) {
                        self.body_ended(context, direction, body);
                    }
                    ReadStep::Used(used)
                }
                BodyProgress::Malformed => self.skip_gap(direction, all),
            },
            ReadState::Head(gathering) => {
                let mut gathering = std::mem::take(gathering);
                let gathered = gathering.push(bytes);
                match gathered {
                    HeadProgress::More => {
                        side.state = ReadState::Head(gathering);
                        all
                    }
                    HeadProgress::Head(head, used) => self.head(context, direction, head, used),
                    HeadProgress::Json(blanks) => {
                        side.state = ReadState::Lines;
                        ReadStep::Used(blanks)
                    }
                    HeadProgress::TooLong(head) => {
                        self.emit_head(context, direction, head);
                        self.skip_gap(direction, all)
                    }
                    HeadProgress::NotHttp if self.client.is_none() => ReadStep::Done,
                    HeadProgress::NotHttp => self.skip_gap(direction, all),
                }
            }
            ReadState::Lines => {
                self.readers.lines(context, direction, bytes, 0);
                all
            }
            ReadState::Early(_) => self.early(context, direction, bytes),
            ReadState::Lost(_) => all,
        }
    }

    pub(super) fn body_ended(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        body: MessageBody,
    ) {
        let request = self.side(direction).request.take();
        if self.readers.is_listening()
            && let Some(json) = body.json()
        {
            if let Some(request) = request {
                self.readers.request(context, &request);
            }
            self.readers.body(context, direction, json);
        }
    }
}

impl StreamParser for HttpConnection {
    fn held(&self) -> usize {
        let sides = self.sides.iter().map(|side| match &side.state {
            ReadState::Head(gathering) => gathering.held(),
            ReadState::Body(body) => body.held(),
            ReadState::Early(bytes) => bytes.capacity(),
            ReadState::Lines | ReadState::Lost(_) => 0,
        });
        sides.sum::<usize>() + self.asked.held() + self.readers.held()
    }

    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> StreamProgress {
        let direction = chunk.direction;
        if chunk.gap > 0 {
            self.lose(context, direction, chunk.gap);
        }
        self.resume(context, direction, chunk.bytes);
        let progress = match self.feed(context, direction, chunk.bytes) {
            ReadStep::Used(_) if !self.is_over(context) => return StreamProgress::More,
            ReadStep::Used(_) | ReadStep::Done => StreamProgress::Done,
            ReadStep::Switch(offset, switch) => {
                let early = match std::mem::take(&mut self.side(direction.reverse()).state) {
                    ReadState::Early(bytes) => bytes,
                    _ => Vec::new(),
                };
                let successor = match switch {
                    Switch::Tunnel(tunnel) => Successor::Carried(tunnel),
                    Switch::Socket(socket) => {
                        websocket::successor(socket, self.socket_target.take())
                    }
                };
                StreamProgress::Handover(Handover { offset, early, successor })
            }
        };
        self.close(context);
        progress
    }

    fn close(&mut self, context: &mut Context<'_>) {
        for direction in Direction::BOTH {
            match std::mem::take(&mut self.side(direction).state) {
                ReadState::Head(gathering) => {
                    self.emit_head(context, direction, gathering.salvage())
                }
                ReadState::Body(body) if body.is_open_ended() => {
                    self.body_ended(context, direction, body);
                }
                _ => {}
            }
        }
        self.readers.close(context);
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialogue::MAX_EARLY;
    use super::super::exchange::MAX_ASKED;
    use super::super::head::MAX_HEAD;
    use super::*;
    use crate::model::Timestamp;
    use crate::model::event::{Event, EventSink, Moment};
    use crate::model::flow::{Endpoint, Flow, FlowKey, Transport};
    use crate::protocol::condense::MAX_TEXT;
    use crate::protocol::parser::Scratch;
    use Direction::{ToClient as S, ToServer as C};

    struct Nobody;

    impl EventSink for Nobody {
        fn event(&mut self, _: &Flow, _: Moment, _: Event<'_>) {}
    }

    fn play(turns: &[(Direction, &[u8])]) -> (HttpConnection, usize) {
        let end = Endpoint { ip: "10.0.0.7".parse().unwrap(), port: 50210 };
        let (key, initiator) = FlowKey::new(end, Endpoint { port: 80, ..end }, Transport::Tcp, 0);
        let flow = Flow { packets: [9, 9], ..Flow::new(key, initiator, 1, Timestamp::ZERO) };
        let mut connection = HttpConnection::new(&Surroundings::default());
        let mut most = 0;
        for (direction, bytes) in turns {
            let (direction, time) = (*direction, Timestamp::ZERO);
            let chunk = Chunk { direction, time, packet: 1, gap: 0, bytes };
            let (scratch, sink) = (&mut Scratch::default(), &mut Nobody);
            let mut context = Context { flow: &flow, at: Moment::default(), scratch, sink };
            connection.chunk(&mut context, &chunk);
            most = most.max(connection.held());
        }
        (connection, most)
    }

    #[test]
    fn open_requests_are_bounded() {
        let request = b"GET / HTTP/1.1\r\n\r\n".repeat(1000);
        assert_eq!(play(&[(C, &request)]).0.asked.len(), MAX_ASKED);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let flood = [b'x'; 1000];
        for (start, bound) in [
            (&b"GET /"[..], MAX_HEAD),
            (b"GET / HTTP/1.1\r\nX: ", MAX_HEAD),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n{", MAX_TEXT),
            (b"POST / HTTP/1.1\r\nContent-Length: 60000\r\n\r\n{", MAX_TEXT),
            (b"CONNECT a:1 HTTP/1.1\r\n\r\n", MAX_EARLY),
        ] {
            let turns: Vec<_> = [(C, start)].into_iter().chain([(C, &flood[..]); 200]).collect();
            let (_, most) = play(&turns);
            // A growing buffer doubles its capacity.
            assert!((1000..=2 * bound).contains(&most), "{most} bytes of {bound}");
        }
    }

    #[test]
    fn a_download_is_only_counted() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n{";
        let flood = [b'{'; 60_000];
        let turns: Vec<_> = [(C, &b"GET / HTTP/1.1\r\n\r\n"[..]), (S, head)]
            .into_iter()
            .chain([(S, &flood[..]); 20])
            .collect();
        assert!(play(&turns).1 < 1000);
    }
}
