//! The trait of body readers, and how several readers share a connection.

use crate::model::chunk::Direction;
use crate::model::event::HttpRequest;
use crate::model::event::mining::Carrier;
use crate::protocol::parser::{Context, Next, Probe};
use crate::protocol::surroundings::Surroundings;

/// Reads the bodies of one connection: contents of HTTP messages, or WebSocket messages.
///
/// Today's carriers keep only bodies that begin like JSON, and hand them over whole, or condensed
/// if they are long. Named constants bound a reader's memory, and no input makes it panic.
pub(crate) trait BodyReader: Sized {
    /// Creates a reader for a connection of `carrier` in these surroundings.
    ///
    /// It allocates no heap memory before it gets data, because most connections carry nothing for
    /// it.
    fn open(surroundings: &Surroundings, carrier: Carrier) -> Self;

    /// Decides whether a whole body, followed by a line end, is for this reader.
    ///
    /// It helps to recognise a carrier whose own beginning was not seen.
    fn probe(direction: Direction, body: &[u8]) -> Probe;

    /// Returns whether the reader needs more bodies.
    fn is_listening(&self) -> bool {
        true
    }

    /// Returns whether long bodies must be kept, too: all data so far was for this reader.
    fn is_promising(&self) -> bool;

    /// Reads the head of the HTTP request whose body comes next.
    fn request(&mut self, context: &mut Context<'_>, request: &HttpRequest<'_>);

    /// Reads the target of the request that turned the connection into a WebSocket.
    fn upgraded(&mut self, target: &str) {
        let _ = target;
    }

    /// Reads a whole body.
    fn body(&mut self, context: &mut Context<'_>, direction: Direction, body: &[u8]) -> Next;

    /// Reads bytes of a stream of JSON lines that came instead of a message.
    ///
    /// `gap` is the number of bytes lost before them.
    fn lines(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        bytes: &[u8],
        gap: u64,
    ) -> Next;

    /// Returns the heap bytes kept because of the connection's content.
    fn held(&self) -> usize;

    /// Emits what is still held back; called when the connection has ended.
    fn close(&mut self, context: &mut Context<'_>);
}

/// Holds a reader until it needs nothing more, and then frees it.
#[derive(Debug)]
pub(crate) struct Listener<R>(Option<R>);

impl<R: BodyReader> Listener<R> {
    fn offer(&mut self, give: impl FnOnce(&mut R) -> Next) -> Next {
        let next = self.0.as_mut().map_or(Next::Done, give);
        if next != Next::More {
            self.0 = None;
        }
        next
    }
}

impl<R: BodyReader> BodyReader for Listener<R> {
    fn open(surroundings: &Surroundings, carrier: Carrier) -> Self {
        Listener(Some(R::open(surroundings, carrier)))
    }

    fn probe(direction: Direction, body: &[u8]) -> Probe {
        R::probe(direction, body)
    }

    fn is_listening(&self) -> bool {
        self.0.is_some()
    }

    fn is_promising(&self) -> bool {
        self.0.as_ref().is_some_and(R::is_promising)
    }

    fn request(&mut self, context: &mut Context<'_>, request: &HttpRequest<'_>) {
        if let Some(reader) = &mut self.0 {
            reader.request(context, request);
        }
    }

    fn upgraded(&mut self, target: &str) {
        if let Some(reader) = &mut self.0 {
            reader.upgraded(target);
        }
    }

    fn body(&mut self, context: &mut Context<'_>, direction: Direction, body: &[u8]) -> Next {
        self.offer(|reader| reader.body(context, direction, body))
    }

    fn lines(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        bytes: &[u8],
        gap: u64,
    ) -> Next {
        self.offer(|reader| reader.lines(context, direction, bytes, gap))
    }

    fn held(&self) -> usize {
        self.0.as_ref().map_or(0, R::held)
    }

    fn close(&mut self, context: &mut Context<'_>) {
        if let Some(reader) = &mut self.0 {
            reader.close(context);
        }
    }
}

/// Two readers of the same bodies; either can be a pair itself.
impl<A: BodyReader, B: BodyReader> BodyReader for (A, B) {
    fn open(surroundings: &Surroundings, carrier: Carrier) -> Self {
        (A::open(surroundings, carrier), B::open(surroundings, carrier))
    }

    fn probe(direction: Direction, body: &[u8]) -> Probe {
        match (A::probe(direction, body), B::probe(direction, body)) {
            (Probe::Certain, _) | (_, Probe::Certain) => Probe::Certain,
            (Probe::Unsure, _) | (_, Probe::Unsure) => Probe::Unsure,
            (Probe::NotForUs, Probe::NotForUs) => Probe::NotForUs,
        }
    }

    fn is_listening(&self) -> bool {
        self.0.is_listening() || self.1.is_listening()
    }

    fn is_promising(&self) -> bool {
        self.0.is_promising() || self.1.is_promising()
    }

    fn request(&mut self, context: &mut Context<'_>, request: &HttpRequest<'_>) {
        self.0.request(context, request);
        self.1.request(context, request);
    }

    fn upgraded(&mut self, target: &str) {
        self.0.upgraded(target);
        self.1.upgraded(target);
    }

    fn body(&mut self, context: &mut Context<'_>, direction: Direction, body: &[u8]) -> Next {
        let first = self.0.body(context, direction, body);
        either(first, self.1.body(context, direction, body))
    }

    fn lines(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        bytes: &[u8],
        gap: u64,
    ) -> Next {
        let first = self.0.lines(context, direction, bytes, gap);
        either(first, self.1.lines(context, direction, bytes, gap))
    }

    fn held(&self) -> usize {
        self.0.held() + self.1.held()
    }

    fn close(&mut self, context: &mut Context<'_>) {
        self.0.close(context);
        self.1.close(context);
    }
}

/// Combines what two readers want: more, as long as one of them does.
fn either(first: Next, second: Next) -> Next {
    if first == Next::More { first } else { second }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::model::event::{Event, EventSink, Moment};
    use crate::model::flow::{Endpoint, Flow, FlowKey, Transport};
    use crate::protocol::parser::Scratch;

    struct Nobody;

    impl EventSink for Nobody {
        fn event(&mut self, _: &Flow, _: Moment, _: Event<'_>) {}
    }

    /// Wants `COUNT` bodies.
    struct Patient<const COUNT: usize>(usize);

    impl<const COUNT: usize> BodyReader for Patient<COUNT> {
        fn open(_: &Surroundings, _: Carrier) -> Self {
            Patient(0)
        }

        fn probe(_: Direction, body: &[u8]) -> Probe {
            if body.len() == COUNT { Probe::Certain } else { Probe::NotForUs }
        }

        fn is_promising(&self) -> bool {
            self.0 > 0
        }

        fn request(&mut self, _: &mut Context<'_>, _: &HttpRequest<'_>) {}

        fn body(&mut self, _: &mut Context<'_>, _: Direction, _: &[u8]) -> Next {
            self.0 += 1;
            if self.0 < COUNT { Next::More } else { Next::Done }
        }

        fn lines(&mut self, _: &mut Context<'_>, _: Direction, _: &[u8], _: u64) -> Next {
            Next::More
        }

        fn held(&self) -> usize {
            COUNT
        }

        fn close(&mut self, _: &mut Context<'_>) {}
    }

    #[test]
    fn of_two_readers_each_is_offered_bodies_until_it_wants_no_more() {
        type Two = (Listener<Patient<1>>, Listener<Patient<3>>);
        let end = Endpoint { ip: "10.0.0.7".parse().unwrap(), port: 50210 };
        let (key, initiator) = FlowKey::new(end, Endpoint { port: 80, ..end }, Transport::Tcp, 0);
        let flow = Flow::new(key, initiator, 1, Timestamp::ZERO);
        let (scratch, sink) = (&mut Scratch::default(), &mut Nobody);
        let mut context = Context { flow: &flow, at: Moment::default(), scratch, sink };
        let mut two = Two::open(&Surroundings::default(), Carrier::Http);
        assert!(two.is_listening() && !two.is_promising());
        let mut offer =
            |two: &mut Two| (two.body(&mut context, Direction::ToServer, b"{}"), two.held());
        assert_eq!(offer(&mut two), (Next::More, 3), "the first one has heard enough");
        assert!(two.is_promising());
        assert_eq!(offer(&mut two), (Next::More, 3));
        assert_eq!(offer(&mut two), (Next::Done, 0));
        assert!(!two.is_listening());
        assert_eq!(Two::probe(Direction::ToServer, b"{}\n"), Probe::Certain);
        assert_eq!(Two::probe(Direction::ToServer, b"{}"), Probe::NotForUs);
    }

    #[test]
    fn the_readers_of_today_cost_no_more_than_the_one_among_them() {
        use crate::protocol::stratum::StratumConversation;
        let readers = size_of::<super::super::BodyReaders>();
        assert_eq!(readers, size_of::<Option<StratumConversation>>());
    }
}
