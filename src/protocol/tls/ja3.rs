//! JA3 and JA3S: the MD5 of the numbers of a hello, in wire order and without GREASE.

use std::fmt::Write;

use md5::{Digest, Md5};

use super::grease::is_grease;
use crate::model::event::ClientHello;
use crate::model::event::tls::ServerHello;

/// Returns the JA3 string of a client and its MD5 in hexadecimal.
///
/// The result for a truncated hello is useless.
pub fn client(hello: &ClientHello) -> (String, String) {
    let mut text = hello.version.to_string();
    field(&mut text, hello.cipher_suites.iter().copied().filter(|value| !is_grease(*value)));
    field(&mut text, hello.extensions.iter().copied().filter(|value| !is_grease(*value)));
    field(&mut text, hello.groups.iter().copied().filter(|value| !is_grease(*value)));
    field(&mut text, hello.point_formats.iter().copied().map(u16::from));
    hashed(text)
}

/// Returns the JA3S string of a server and its MD5 in hexadecimal.
pub fn server(hello: &ServerHello) -> (String, String) {
    let mut text = hello.legacy_version.to_string();
    field(&mut text, std::iter::once(hello.cipher_suite));
    field(&mut text, hello.extensions.iter().copied().filter(|value| !is_grease(*value)));
    hashed(text)
}

/// Appends `,1-2-3`, or only a comma if there are no values.
fn field(text: &mut String, values: impl Iterator<Item = u16>) {
    text.push(',');
    for (index, value) in values.enumerate() {
        let _ = write!(text, "{}{value}", if index == 0 { "" } else { "-" });
    }
}

fn hashed(text: String) -> (String, String) {
    let hash = Md5::digest(&text);
    let hash = hash.iter().fold(String::with_capacity(32), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    });
    (text, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two examples that were published with JA3.
    #[test]
    fn the_published_examples_have_their_hashes() {
        let hello = ClientHello {
            version: 0x0301,
            cipher_suites: vec![47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
            extensions: vec![0, 10, 11],
            groups: vec![23, 24, 25],
            point_formats: vec![0],
            ..ClientHello::default()
        };
        let (text, hash) = client(&hello);
        assert_eq!(text, "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
        assert_eq!(hash, "ada70206e40642a3e4461f35503241d5");

        let bare = ClientHello {
            version: 0x0301,
            cipher_suites: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99],
            ..ClientHello::default()
        };
        let (text, hash) = client(&bare);
        assert_eq!(text, "769,4-5-10-9-100-98-3-6-19-18-99,,,");
        assert_eq!(hash, "de350869b8c85de67a350c8d186f11e6");
    }

    #[test]
    fn a_servers_numbers_are_joined_and_hashed() {
        let hello = ServerHello {
            version: 0x0301,
            legacy_version: 0x0301,
            cipher_suite: 47,
            extensions: vec![65281, 0, 11, 35, 5, 16],
            ..ServerHello::default()
        };
        let (text, hash) = server(&hello);
        assert_eq!(text, "769,47,65281-0-11-35-5-16");
        assert_eq!(hash, "836ce314215654b5b1f85f97c73e506f");
    }

    #[test]
    fn grease_changes_nothing() {
        let plain = ClientHello {
            version: 0x0303,
            cipher_suites: vec![0x1301],
            extensions: vec![10],
            groups: vec![29],
            ..ClientHello::default()
        };
        let mut greased = plain.clone();
        greased.cipher_suites.insert(0, 0x2a2a);
        greased.extensions.push(0xdada);
        greased.groups.insert(0, 0x7a7a);
        assert_eq!(client(&greased), client(&plain));
    }
}
