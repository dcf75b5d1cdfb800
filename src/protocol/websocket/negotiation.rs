//! Options that the handshake (RFC 6455 §4) negotiates: message compression (RFC 7692).

use crate::model::chunk::Direction;

/// How one side compresses its messages. Each message says in its first frame whether it is
/// compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deflate {
    /// A message may refer to the content of earlier messages (RFC 7692 §7.1.1).
    pub takeover: bool,
    /// Base-2 logarithm of the LZ77 window, 8 to 15 (RFC 7692 §7.1.2).
    pub window_bits: u8,
}

impl Default for Deflate {
    /// Returns the compression without parameters, which also reads what any parameters allow.
    fn default() -> Self {
        Deflate { takeover: true, window_bits: 15 }
    }
}

/// The parameters of `permessage-deflate` that the server accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extension {
    client: Deflate,
    server: Deflate,
}

impl Extension {
    /// Parses a `Sec-WebSocket-Extensions` header.
    ///
    /// Returns `None` if it does not name `permessage-deflate`.
    pub(crate) fn of(value: &[u8]) -> Option<Extension> {
        value.split(|&byte| byte == b',').find_map(|extension| {
            let mut words = extension.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            words.next().filter(|name| name.eq_ignore_ascii_case(b"permessage-deflate"))?;
            let mut accepted = Extension::default();
            words.for_each(|word| accepted.parameter(word));
            Some(accepted)
        })
    }

    fn parameter(&mut self, word: &[u8]) {
        let mut sides = word.split(|&byte| byte == b'=').map(<[u8]>::trim_ascii);
        let name = sides.next().unwrap_or_default().to_ascii_lowercase();
        let value = sides.next().and_then(|value| std::str::from_utf8(value).ok());
        let bits = value.and_then(|value| value.trim_matches('"').parse().ok());
        let bits = bits.filter(|bits| (8..=15).contains(bits));
        match name.as_slice() {
            b"client_no_context_takeover" => self.client.takeover = false,
            b"server_no_context_takeover" => self.server.takeover = false,
            b"client_max_window_bits" => self.client.window_bits = bits.unwrap_or(15),
            b"server_max_window_bits" => self.server.window_bits = bits.unwrap_or(15),
            _ => {}
        }
    }
}

/// The negotiated options of a WebSocket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SocketOptions {
    deflate: [Deflate; 2],
}

impl SocketOptions {
    /// Returns the options of a socket whose server sends in the direction `server`.
    ///
    /// Without a handshake, use [`SocketOptions::default`].
    pub(crate) fn new(extension: Option<Extension>, server: Direction) -> Self {
        let Extension { client, server: from_server } = extension.unwrap_or_default();
        match server {
            Direction::ToClient => SocketOptions { deflate: [client, from_server] },
            Direction::ToServer => SocketOptions { deflate: [from_server, client] },
        }
    }

    /// Returns how the messages in `direction` are compressed.
    pub(crate) fn deflate(&self, direction: Direction) -> Deflate {
        let [to_server, to_client] = self.deflate;
        match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_of_each_side_are_kept_apart() {
        let value = b"x-other, Permessage-Deflate; server_no_context_takeover; client_max_window_bits = \"10\"; server_max_window_bits=99";
        let socket = SocketOptions::new(Extension::of(value), Direction::ToClient);
        let client = Deflate { takeover: true, window_bits: 10 };
        let server = Deflate { takeover: false, window_bits: 15 };
        assert_eq!(socket.deflate(Direction::ToServer), client);
        assert_eq!(socket.deflate(Direction::ToClient), server);
        let reversed = SocketOptions::new(Extension::of(value), Direction::ToServer);
        assert_eq!(reversed.deflate(Direction::ToServer), server);
    }

    #[test]
    fn other_extensions_are_none_of_ours() {
        for value in [&b""[..], b";;,=", b"permessage-deflat", b"x; permessage-deflate"] {
            assert_eq!(Extension::of(value), None, "{value:?}");
        }
    }
}
