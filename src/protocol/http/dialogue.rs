//! Handles complete heads: requests are stored until their responses, and a response may end HTTP.

use super::body::{BodyFraming, BodyInterest, MessageBody};
use super::connection::{HttpConnection, ReadState, ReadStep};
use super::exchange::{self, AnswerEffect, PendingRequest, Switch};
use super::fields::HeaderFields;
use super::head::{MessageHead, ReasonPhrase};
use super::upgrade::Upgrade;
use crate::model::chunk::Direction;
use crate::model::event::{Event, HttpRequest, HttpResponse};
use crate::protocol::body::BodyReader;
use crate::protocol::parser::Context;

/// Bytes kept of what a client sends before the response to CONNECT or an upgrade.
///
/// They hold a ClientHello and early data.
pub(super) const MAX_EARLY: usize = 16 * 1024;

/// Longest target of a WebSocket that is kept, in bytes: a wallet of 256 and a worker.
const MAX_SOCKET_TARGET: usize = 512;

impl HttpConnection {
    pub(super) fn head(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        head: MessageHead<'_>,
        used: usize,
    ) -> ReadStep {
        let client = match head {
            MessageHead::Request(..) => direction,
            MessageHead::Response(..) => direction.reverse(),
        };
        if *self.client.get_or_insert(client) != client {
            return self.skip_gap(direction, ReadStep::Used(used));
        }
        let switch = match head {
            // HTTP/2: header compression hides what follows (RFC 7541).
            MessageHead::Request(request, _) if request.method == "PRI" => return ReadStep::Done,
            MessageHead::Request(request, fields) => {
                self.request(context, direction, request, &fields);
                None
            }
            MessageHead::Response(mut response, fields, reason) => {
                response.direction = direction;
                self.response(context, &response, &fields, reason)
            }
        };
        match switch {
            Some(switch) => ReadStep::Switch(used, switch),
            None => ReadStep::Used(used),
        }
    }

    fn request(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        mut request: HttpRequest<'_>,
        fields: &HeaderFields<'_>,
    ) {
        request.direction = direction;
        context.emit(Event::HttpRequest(&request));
        let asked = PendingRequest::of(&request, fields);
        if asked == PendingRequest::Upgrade(Upgrade::WebSocket)
            && request.target.len() <= MAX_SOCKET_TARGET
        {
            self.socket_target = Some(request.target.as_ref().into());
        }
        let wanted =
            if self.readers.is_listening() { BodyInterest::All } else { BodyInterest::Nothing };
        let side = self.side(direction);
        match BodyFraming::of_request(fields) {
            Some(framing) => {
                side.request =
                    (wanted != BodyInterest::Nothing).then(|| Box::new(request.into_owned()));
                side.state = ReadState::Body(MessageBody::new(framing, wanted));
            }
            None if asked.may_switch() => side.state = ReadState::Early(Vec::new()),
            None => {}
        }
        self.asked.ask(asked);
    }

    fn response(
        &mut self,
        context: &mut Context<'_>,
        response: &HttpResponse<'_>,
        fields: &HeaderFields<'_>,
        reason: ReasonPhrase,
    ) -> Option<Switch> {
        let direction = response.direction;
        context.emit(Event::HttpResponse(response));
        if exchange::is_interim(response.status) {
            return None;
        }
        let asked = self.asked.answered();
        let may_switch = asked.as_ref().is_some_and(PendingRequest::may_switch);
        let framing = match exchange::answer(asked, response.status, fields, reason, direction) {
            AnswerEffect::Switch(switch) => return Some(switch),
            AnswerEffect::Refusal(tunnel, framing) => {
                // The client may repeat the request with credentials, so emit one refusal only.
                if !std::mem::replace(&mut self.refusal_told, true) {
                    context.emit(Event::Tunnel(&tunnel));
                }
                framing
            }
            AnswerEffect::Http(framing) => framing,
        };
        if let Some(framing) = framing {
            // Long responses are frequent. Keep them only if all data so far was for a reader.
            let wanted = match &self.readers {
                readers if readers.is_promising() => BodyInterest::All,
                readers if readers.is_listening() => BodyInterest::Short,
                _ => BodyInterest::Nothing,
            };
            self.side(direction).state = ReadState::Body(MessageBody::new(framing, wanted));
        }
        if may_switch {
            self.resume_http(context, direction.reverse());
        }
        None
    }

    /// Parses the client's early bytes as HTTP, because the connection does not switch.
    fn resume_http(&mut self, context: &mut Context<'_>, client: Direction) {
        let side = self.side(client);
        if let ReadState::Early(bytes) = &mut side.state {
            let bytes = std::mem::take(bytes);
            side.state = ReadState::default();
            // The result is no switch: the server is visible and has not answered these bytes.
            self.feed(context, client, &bytes);
        }
    }

    /// Handles bytes that the client sends before the response to CONNECT or an upgrade.
    ///
    /// They are kept, up to [`MAX_EARLY`]. If the response will not be seen, they decide themselves
    /// whether the server agreed.
    pub(super) fn early(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        bytes: &[u8],
    ) -> ReadStep {
        let server = direction.reverse();
        let unseen = context.flow.packets.get(server.index()) == Some(&0);
        let deaf = unseen || matches!(self.side(server).state, ReadState::Lost(_));
        if deaf {
            // The response will not be seen. Bytes that are not HTTP show that the server agreed.
            let http = bytes.first().is_some_and(u8::is_ascii_uppercase);
            let granted = self.asked.take_newest().and_then(PendingRequest::granted);
            return match granted.filter(|_| !http) {
                Some(switch) => ReadStep::Switch(0, switch),
                None => {
                    self.side(direction).state = ReadState::default();
                    ReadStep::Used(0)
                }
            };
        }
        if let ReadState::Early(kept) = &mut self.side(direction).state
            && kept.len() + bytes.len() <= MAX_EARLY
        {
            kept.extend_from_slice(bytes);
            return ReadStep::Used(bytes.len());
        }
        self.skip_gap(direction, ReadStep::Used(bytes.len()))
    }
}
