//! A request and its response: whether a body follows, and what the connection becomes after
//! CONNECT or an upgrade.

use std::collections::VecDeque;

use super::body::BodyFraming;
use super::fields::HeaderFields;
use super::head::Reason;
use super::upgrade::Upgrade;
use crate::model::chunk::Direction;
use crate::model::event::{HttpRequest, Tunnel};
use crate::protocol::websocket::SocketOptions;

/// What matters of a request when its answer comes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// HEAD: the answer has no body.
    Head,
    /// CONNECT: as it will be if it is granted, unless it names nobody.
    Tunnel(Option<Box<Tunnel>>),
    Upgrade(Upgrade),
    Other,
}

/// Requests without an answer that are remembered. Browsers that pipelined had 8 under way.
pub(super) const MAX_ASKED: usize = 32;

/// Requests without an answer. One alone, and there is hardly ever another, costs no memory.
#[derive(Debug, Default)]
pub(super) struct PendingRequests {
    oldest: Option<Asked>,
    /// Oldest first.
    later: VecDeque<Asked>,
}

impl PendingRequests {
    pub(super) fn is_empty(&self) -> bool {
        self.oldest.is_none()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        usize::from(self.oldest.is_some()) + self.later.len()
    }

    /// Adds the newest. If there are [`MAX_ASKED`] already, the oldest is forgotten.
    pub(super) fn ask(&mut self, asked: Asked) {
        if self.oldest.is_none() {
            self.oldest = Some(asked);
            return;
        }
        self.later.push_back(asked);
        if self.later.len() >= MAX_ASKED {
            self.oldest = self.later.pop_front();
        }
    }

    /// Takes the oldest.
    pub(super) fn answered(&mut self) -> Option<Asked> {
        std::mem::replace(&mut self.oldest, self.later.pop_front())
    }

    /// Takes the newest.
    pub(super) fn take_newest(&mut self) -> Option<Asked> {
        self.later.pop_back().or_else(|| self.oldest.take())
    }

    /// Forgets all but the newest.
    pub(super) fn keep_newest(&mut self) {
        if let Some(newest) = self.later.pop_back() {
            self.oldest = Some(newest);
            self.later.clear();
        }
    }

    /// Bytes kept.
    pub(super) fn held(&self) -> usize {
        self.later.capacity() * size_of::<Asked>()
    }
}

/// What a connection becomes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Switch {
    /// Bare bytes; the far end is unknown where no CONNECT was seen.
    Tunnel(Option<Tunnel>),
    Socket(SocketOptions),
}

/// What a final response means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// HTTP goes on, after the body if there is one.
    Http(Option<BodyFraming>),
    /// Likewise, and there will be no tunnel.
    Refusal(Tunnel, Option<BodyFraming>),
    Switch(Switch),
}

impl Asked {
    pub(super) fn of(request: &HttpRequest<'_>, fields: &HeaderFields<'_>) -> Asked {
        match (&*request.method, fields.upgrade) {
            ("CONNECT", _) => Asked::Tunnel(request.tunnel().map(Box::new)),
            (_, Some(upgrade)) => Asked::Upgrade(upgrade),
            ("HEAD", _) => Asked::Head,
            _ => Asked::Other,
        }
    }

    /// Whether what comes next may be another protocol's.
    pub(super) fn may_switch(&self) -> bool {
        matches!(self, Asked::Tunnel(_) | Asked::Upgrade(_))
    }

    /// What the connection becomes, when the answer was yes and nothing else is known of it.
    pub(super) fn granted(self) -> Option<Switch> {
        match self {
            Asked::Tunnel(tunnel) => Some(Switch::Tunnel(tunnel.map(|tunnel| *tunnel))),
            Asked::Upgrade(Upgrade::WebSocket) => Some(Switch::Socket(SocketOptions::default())),
            Asked::Upgrade(Upgrade::Other) => Some(Switch::Tunnel(None)),
            Asked::Head | Asked::Other => None,
        }
    }
}

/// Whether another response to the same request follows (RFC 9110 §15.2).
pub(super) fn is_interim(status: u16) -> bool {
    (100..200).contains(&status) && status != 101
}

/// What a final response in `direction` means (RFC 9112 §6.3), to a request that is unknown if it
/// was lost.
pub(super) fn answer(
    asked: Option<Asked>,
    status: u16,
    fields: &HeaderFields<'_>,
    reason: Reason,
    direction: Direction,
) -> Answer {
    let granted = (200..300).contains(&status);
    match asked {
        Some(Asked::Upgrade(_)) | None if status == 101 => Answer::Switch(match fields.upgrade {
            Some(Upgrade::Other) => Switch::Tunnel(None),
            _ => Switch::Socket(SocketOptions::new(fields.extension, direction)),
        }),
        Some(Asked::Tunnel(tunnel)) if granted => {
            Answer::Switch(Switch::Tunnel(tunnel.map(|tunnel| *tunnel)))
        }
        None if granted && reason == Reason::Established => Answer::Switch(Switch::Tunnel(None)),
        Some(Asked::Tunnel(Some(tunnel))) => {
            let refused = Tunnel { granted: false, ..*tunnel };
            Answer::Refusal(refused, BodyFraming::of_response(fields))
        }
        Some(Asked::Head) => Answer::Http(None),
        _ if matches!(status, 101 | 204 | 304) => Answer::Http(None),
        _ => Answer::Http(BodyFraming::of_response(fields)),
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
            Asked::Tunnel(Some(Box::new(Tunnel::from_authority(
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
            |asked, status| answer(asked, status, &sized, Reason::Other, Direction::ToClient);
        let nine = Some(BodyFraming::Counted(9));
        assert_eq!(plain(Some(Asked::Other), 200), Answer::Http(nine));
        assert_eq!(plain(None, 200), Answer::Http(nine));
        assert_eq!(plain(Some(Asked::Head), 200), Answer::Http(None));
        assert_eq!(plain(Some(Asked::Other), 204), Answer::Http(None));
        assert_eq!(plain(Some(Asked::Other), 304), Answer::Http(None));
        assert_eq!(plain(Some(Asked::Upgrade(Upgrade::Other)), 200), Answer::Http(nine));
        let unsized_body =
            answer(None, 200, &HeaderFields::default(), Reason::Other, Direction::ToClient);
        assert_eq!(unsized_body, Answer::Http(Some(BodyFraming::UntilClose)));
    }

    #[test]
    fn a_tunnel_is_opened_or_refused() {
        let wanted = || Tunnel::from_authority("pool.example:3333", Direction::ToServer);
        let asked = || Some(Asked::Tunnel(Some(Box::new(wanted()))));
        let sized = fields(&[("Content-Length", "9")]);
        let granted = answer(asked(), 200, &sized, Reason::Other, Direction::ToClient);
        assert_eq!(granted, Answer::Switch(Switch::Tunnel(Some(wanted()))));
        let refused = answer(asked(), 407, &sized, Reason::Other, Direction::ToClient);
        let Answer::Refusal(tunnel, framing) = refused else { panic!("{refused:?}") };
        assert!(!tunnel.granted);
        assert_eq!(framing, Some(BodyFraming::Counted(9)));
        let unseen =
            answer(None, 200, &HeaderFields::default(), Reason::Established, Direction::ToClient);
        assert_eq!(unseen, Answer::Switch(Switch::Tunnel(None)));
    }

    #[test]
    fn an_upgrade_is_what_the_server_says() {
        let upgraded = |value| {
            let fields = fields(&[("Upgrade", value)]);
            answer(None, 101, &fields, Reason::Other, Direction::ToClient)
        };
        assert_eq!(upgraded("websocket"), Answer::Switch(Switch::Socket(SocketOptions::default())));
        assert_eq!(upgraded("tcp"), Answer::Switch(Switch::Tunnel(None)));
    }
}
