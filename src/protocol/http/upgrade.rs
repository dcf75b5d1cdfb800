//! The protocol that a client wants to change to.

/// The protocol that an `Upgrade` header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upgrade {
    WebSocket,
    Other,
}

impl Upgrade {
    pub(super) fn of(value: &[u8]) -> Upgrade {
        let websocket = |token: &[u8]| token.trim_ascii().eq_ignore_ascii_case(b"websocket");
        if value.split(|&byte| byte == b',').any(websocket) {
            Upgrade::WebSocket
        } else {
            Upgrade::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websocket_may_stand_in_a_list_in_any_case() {
        assert_eq!(Upgrade::of(b"h2c, WebSocket"), Upgrade::WebSocket);
        assert_eq!(Upgrade::of(b"websockets"), Upgrade::Other);
    }
}
