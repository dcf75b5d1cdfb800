//! Both directions of a connection: where in its messages each one is.
//!
//! `dialogue` takes what the heads say, `loss` finds the way back.

use super::body::{Body, Growth};
use super::exchange::{Questions, Switch};
use super::head::{Gathered, Gathering};
use crate::model::chunk::{Chunk, Direction};
use crate::model::event::HttpRequest;
use crate::model::event::mining::Carrier;
use crate::protocol::body::{BodyReader, BodyReaders};
use crate::protocol::parser::{Context, Handover, StreamParser, StreamProgress, Successor};
use crate::protocol::surroundings::Surroundings;
use crate::protocol::websocket;

/// An HTTP/1 connection.
#[derive(Debug)]
pub struct Connection {
    /// Indexed by [`Direction::index`].
    pub(super) sides: [Side; 2],
    /// Direction of the requests, known from the first head.
    pub(super) client: Option<Direction>,
    pub(super) asked: Questions,
    pub(super) readers: BodyReaders,
    /// A refused tunnel was told.
    pub(super) refusal_told: bool,
}

#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) state: State,
    /// The request whose body comes.
    pub(super) request: Option<Box<HttpRequest<'static>>>,
}

#[derive(Debug)]
pub(super) enum State {
    Head(Gathering),
    Body(Body),
    /// The client has asked for another protocol and does not wait for the answer.
    Early(Vec<u8>),
    /// Lines of JSON in place of messages: a Stratum server that is asked in HTTP answers so.
    Lines,
    /// Not known where the next message begins, since so many chunks.
    Lost(u32),
}

impl Default for State {
    fn default() -> Self {
        State::Head(Gathering::default())
    }
}

/// What a step through some bytes led to.
pub(super) enum Step {
    /// So many bytes were used.
    Used(usize),
    Done,
    /// From so many bytes on, another protocol speaks.
    Switch(usize, Switch),
}

impl Connection {
    /// A connection in these surroundings.
    pub fn new(surroundings: &Surroundings) -> Self {
        Connection {
            sides: Default::default(),
            client: None,
            asked: Questions::default(),
            readers: BodyReaders::open(surroundings, Carrier::Http),
            refusal_told: false,
        }
    }

    pub(super) fn side(&mut self, direction: Direction) -> &mut Side {
        let [to_server, to_client] = &mut self.sides;
        match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        }
    }

    /// Takes bytes of one direction until they are used up.
    pub(super) fn feed(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        bytes: &[u8],
    ) -> Step {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            match self.step(context, direction, rest) {
                Step::Used(count) => used += count,
                Step::Switch(count, switch) => return Step::Switch(used + count, switch),
                Step::Done => return Step::Done,
            }
        }
        Step::Used(used)
    }

    fn step(&mut self, context: &mut Context<'_>, direction: Direction, bytes: &[u8]) -> Step {
        let all = Step::Used(bytes.len());
        let side = self.side(direction);
        match &mut side.state {
            State::Body(body) => match body.push(bytes) {
                Growth::More => all,
                Growth::Complete(used) => {
                    if let State::Body(body) = std::mem::take(&mut side.state) {
                        self.body_ended(context, direction, body);
                    }
                    Step::Used(used)
                }
                Growth::Malformed => self.get_lost(direction, all),
            },
            State::Head(gathering) => {
                let mut gathering = std::mem::take(gathering);
                let gathered = gathering.push(bytes);
                match gathered {
                    Gathered::More => {
                        side.state = State::Head(gathering);
                        all
                    }
                    Gathered::Head(head, used) => self.head(context, direction, head, used),
                    Gathered::Json(blanks) => {
                        side.state = State::Lines;
                        Step::Used(blanks)
                    }
                    Gathered::TooLong(head) => {
                        self.tell(context, direction, head);
                        self.get_lost(direction, all)
                    }
                    Gathered::NotHttp if self.client.is_none() => Step::Done,
                    Gathered::NotHttp => self.get_lost(direction, all),
                }
            }
            State::Lines => {
                self.readers.lines(context, direction, bytes, 0);
                all
            }
            State::Early(_) => self.early(context, direction, bytes),
            State::Lost(_) => all,
        }
    }

    pub(super) fn body_ended(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        body: Body,
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

impl StreamParser for Connection {
    fn held(&self) -> usize {
        let sides = self.sides.iter().map(|side| match &side.state {
            State::Head(gathering) => gathering.held(),
            State::Body(body) => body.held(),
            State::Early(bytes) => bytes.capacity(),
            State::Lines | State::Lost(_) => 0,
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
            Step::Used(_) if !self.is_over(context) => return StreamProgress::More,
            Step::Used(_) | Step::Done => StreamProgress::Done,
            Step::Switch(offset, switch) => {
                let early = match std::mem::take(&mut self.side(direction.reverse()).state) {
                    State::Early(bytes) => bytes,
                    _ => Vec::new(),
                };
                let successor = match switch {
                    Switch::Tunnel(tunnel) => Successor::Carried(tunnel),
                    Switch::Socket(socket) => websocket::successor(socket),
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
                State::Head(gathering) => self.tell(context, direction, gathering.salvage()),
                State::Body(body) if body.is_open_ended() => {
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
    use crate::model::event::{Event, EventSink, Moment};
    use crate::model::flow::{Endpoint, Flow, FlowKey, Transport};
    use crate::model::time::Timestamp;
    use crate::protocol::condense::MAX_TEXT;
    use crate::protocol::parser::Scratch;
    use Direction::{ToClient as S, ToServer as C};

    struct Nobody;

    impl EventSink for Nobody {
        fn event(&mut self, _: &Flow, _: Moment, _: Event<'_>) {}
    }

    fn play(turns: &[(Direction, &[u8])]) -> (Connection, usize) {
        let end = Endpoint { ip: "10.0.0.7".parse().unwrap(), port: 50210 };
        let (key, initiator) = FlowKey::new(end, Endpoint { port: 80, ..end }, Transport::Tcp, 0);
        let flow = Flow { packets: [9, 9], ..Flow::new(key, initiator, 1, Timestamp::ZERO) };
        let mut connection = Connection::new(&Surroundings::default());
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
            // A buffer that grows doubles.
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
