//! Matches responses to requests: whether a body follows, and what CONNECT or an upgrade changes.

use std::collections::VecDeque;

use super::body::BodyFraming;
use super::fields::HeaderFields;
use super::head::ReasonPhrase;
use super::upgrade::Upgrade;
use crate::model::chunk::Direction;
use crate::model::event::{HttpRequest, Tunnel};
use crate::protocol::websocket::SocketOptions;

/// The part of a request that is needed to interpret its response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PendingRequest {
    /// HEAD: the response has no body.
    Head,
    /// CONNECT: the tunnel if it is granted; `None` if the request names no destination.
    Tunnel(Option<Box<Tunnel>>),
    Upgrade(Upgrade),
    Other,
}

/// Unanswered requests kept for one connection. Browsers with pipelining sent up to 8.
pub(super) const MAX_ASKED: usize = 32;

/// The unanswered requests of one connection. A single one, the usual case, needs no allocation.
#[derive(Debug, Default)]
pub(super) struct PendingRequests {
    oldest: Option<PendingRequest>,
    /// Oldest first.
    later: VecDeque<PendingRequest>,
}

impl PendingRequests {
    pub(super) fn is_empty(&self) -> bool {
        self.oldest.is_none()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        usize::from(self.oldest.is_some()) + self.later.len()
    }

    /// Adds a request. If there are already [`MAX_ASKED`], the oldest is dropped.
    pub(super) fn ask(&mut self, asked: PendingRequest) {
        if self.oldest.is_none() {
            self.oldest = Some(asked);
            return;
        }
        self.later.push_back(asked);
        if self.later.len() >= MAX_ASKED {
            self.oldest = self.later.pop_front();
        }
    }

    /// Removes and returns the oldest request.
    pub(super) fn answered(&mut self) -> Option<PendingRequest> {
        std::mem::replace(&mut self.oldest, self.later.pop_front())
    }

    /// Removes and returns the newest request.
    pub(super) fn take_newest(&mut self) -> Option<PendingRequest> {
        self.later.pop_back().or_else(|| self.oldest.take())
    }

    /// Drops all requests except the newest.
    pub(super) fn keep_newest(&mut self) {
        if let Some(newest) = self.later.pop_back() {
            self.oldest = Some(newest);
            self.later.clear();
        }
    }

    /// Returns the number of allocated bytes.
    pub(super) fn held(&self) -> usize {
        self.later.capacity() * size_of::<PendingRequest>()
    }
}

/// What a connection carries after HTTP.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Switch {
    /// Raw bytes; the destination is unknown if no CONNECT was seen.
    Tunnel(Option<Tunnel>),
    Socket(SocketOptions),
}

/// The effect of a final response on the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AnswerEffect {
    /// HTTP continues, after the body if there is one.
    Http(Option<BodyFraming>),
    /// The server refused the tunnel. HTTP continues, after the body if there is one.
    Refusal(Tunnel, Option<BodyFraming>),
    Switch(Switch),
}

impl PendingRequest {
    pub(super) fn of(request: &HttpRequest<'_>, fields: &HeaderFields<'_>) -> PendingRequest {
        match (&*request.method, fields.upgrade) {
            ("CONNECT", _) => PendingRequest::Tunnel(request.tunnel().map(Box::new)),
            (_, Some(upgrade)) => PendingRequest::Upgrade(upgrade),
            ("HEAD", _) => PendingRequest::Head,
            _ => PendingRequest::Other,
        }
    }

    /// Returns whether another protocol may follow this request.
    pub(super) fn may_switch(&self) -> bool {
        matches!(self, PendingRequest::Tunnel(_) | PendingRequest::Upgrade(_))
    }

    /// Returns what follows if the server agreed and its response was not seen.
    pub(super) fn granted(self) -> Option<Switch> {
        match self {
            PendingRequest::Tunnel(tunnel) => Some(Switch::Tunnel(tunnel.map(|tunnel| *tunnel))),
            PendingRequest::Upgrade(Upgrade::WebSocket) => {
                Some(Switch::Socket(SocketOptions::default()))
            }
            PendingRequest::Upgrade(Upgrade::Other) => Some(Switch::Tunnel(None)),
            PendingRequest::Head | PendingRequest::Other => None,
        }
    }
}

/// Returns whether another response to the same request follows (RFC 9110 §15.2).
pub(super) fn is_interim(status: u16) -> bool {
    (100..200).contains(&status) && status != 101
}

/// Interprets a final response in `direction` (RFC 9112 §6.3).
///
/// `asked` is the request that it answers, or `None` if the request was lost.
pub(super) fn answer(
    asked: Option<PendingRequest>,
    status: u16,
    fields: &HeaderFields<'_>,
    reason: ReasonPhrase,
    direction: Direction,
) -> AnswerEffect {
    let granted = (200..300).contains(&status);
    match asked {
        Some(PendingRequest::Upgrade(_)) | None if status == 101 => {
            AnswerEffect::Switch(match fields.upgrade {
                Some(Upgrade::Other) => Switch::Tunnel(None),
                _ => Switch::Socket(SocketOptions::new(fields.extension, direction)),
            })
        }
        Some(PendingRequest::Tunnel(tunnel)) if granted => {
            AnswerEffect::Switch(Switch::Tunnel(tunnel.map(|tunnel| *tunnel)))
        }
        None if granted && reason == ReasonPhrase::Established => {
            AnswerEffect::Switch(Switch::Tunnel(None))
        }
        Some(PendingRequest::Tunnel(Some(tunnel))) => {
            let refused = Tunnel { granted: false, ..*tunnel };
            AnswerEffect::Refusal(refused, BodyFraming::of_response(fields))
        }
        Some(PendingRequest::Head) => AnswerEffect::Http(None),
        _ if matches!(status, 101 | 204 | 304) => AnswerEffect::Http(None),
        _ => AnswerEffect::Http(BodyFraming::of_response(fields)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<'a>(lines: &[(&str, &'a str)]) -> HeaderFields<'a> {
        let mut fields = HeaderFields::default();
        lines.iter().for_each(|(name, value)| fields.take(name.as_bytes(), value.as_bytes()));
        fields
    }

    #[test]
    fn requests_are_answered_in_order_and_only_the_newest_are_remembered() {
        let nth = |n: usize| {
            PendingRequest::Tunnel(Some(Box::new(Tunnel::from_authority(
                &format!("{n}.example:1"),
                Direction::ToServer,
            ))))
        };
        let mut questions = PendingRequests::default();
        (0..MAX_ASKED + 5).for_each(|n| questions.ask(nth(n)));
        assert_eq!(questions.len(), MAX_ASKED);
        assert_eq!(questions.answered(), Some(nth(5)));
        assert_eq!(questions.answered(), Some(nth(6)));
        assert_eq!(questions.take_newest(), Some(nth(MAX_ASKED + 4)));
        questions.keep_newest();
        assert_eq!(questions.answered(), Some(nth(MAX_ASKED + 3)));
        assert!(questions.is_empty() && questions.take_newest().is_none());
        questions.ask(nth(1));
        questions.keep_newest();
        assert_eq!(questions.take_newest(), Some(nth(1)));
    }

    #[test]
    fn whether_a_body_follows_depends_on_request_and_status() {
        let sized = fields(&[("Content-Length", "9")]);
        let plain =
            |asked, status| answer(asked, status, &sized, ReasonPhrase::Other, Direction::ToClient);
        let nine = Some(BodyFraming::Counted(9));
        assert_eq!(plain(Some(PendingRequest::Other), 200), AnswerEffect::Http(nine));
        assert_eq!(plain(None, 200), AnswerEffect::Http(nine));
        assert_eq!(plain(Some(PendingRequest::Head), 200), AnswerEffect::Http(None));
        assert_eq!(plain(Some(PendingRequest::Other), 204), AnswerEffect::Http(None));
        assert_eq!(plain(Some(PendingRequest::Other), 304), AnswerEffect::Http(None));
        assert_eq!(
            plain(Some(PendingRequest::Upgrade(Upgrade::Other)), 200),
            AnswerEffect::Http(nine)
        );
        let unsized_body =
            answer(None, 200, &HeaderFields::default(), ReasonPhrase::Other, Direction::ToClient);
        assert_eq!(unsized_body, AnswerEffect::Http(Some(BodyFraming::UntilClose)));
    }

    #[test]
    fn a_tunnel_is_opened_or_refused() {
        let wanted = || Tunnel::from_authority("pool.example:3333", Direction::ToServer);
        let asked = || Some(PendingRequest::Tunnel(Some(Box::new(wanted()))));
        let sized = fields(&[("Content-Length", "9")]);
        let granted = answer(asked(), 200, &sized, ReasonPhrase::Other, Direction::ToClient);
        assert_eq!(granted, AnswerEffect::Switch(Switch::Tunnel(Some(wanted()))));
        let refused = answer(asked(), 407, &sized, ReasonPhrase::Other, Direction::ToClient);
        let AnswerEffect::Refusal(tunnel, framing) = refused else { panic!("{refused:?}") };
        assert!(!tunnel.granted);
        assert_eq!(framing, Some(BodyFraming::Counted(9)));
        let unseen = answer(
            None,
            200,
            &HeaderFields::default(),
            ReasonPhrase::Established,
            Direction::ToClient,
        );
        assert_eq!(unseen, AnswerEffect::Switch(Switch::Tunnel(None)));
    }

    #[test]
    fn an_upgrade_is_what_the_server_says() {
        let upgraded = |value| {
            let fields = fields(&[("Upgrade", value)]);
            answer(None, 101, &fields, ReasonPhrase::Other, Direction::ToClient)
        };
        assert_eq!(
            upgraded("websocket"),
            AnswerEffect::Switch(Switch::Socket(SocketOptions::default()))
        );
        assert_eq!(upgraded("tcp"), AnswerEffect::Switch(Switch::Tunnel(None)));
    }
}
