//! `host:port`, as URLs, `Host` headers and CONNECT write it (RFC 3986 §3.2).

use std::net::SocketAddr;

use super::flow::Endpoint;

/// Returns the host without its port and without the brackets of an IPv6 address.
///
/// A port is zero or more digits. Text that is not an authority is returned unchanged; so is a
/// bare IPv6 address.
pub fn without_port(authority: &str) -> &str {
    // Fast path: most authorities have neither a port nor brackets.
    let before_digits = authority.bytes().rfind(|byte| !byte.is_ascii_digit());
    if !matches!(before_digits, Some(b':' | b']')) {
        return authority;
    }
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match (bracketed, authority.rsplit_once(':')) {
        (Some((host, "")), _) => host,
        (Some((host, rest)), _) if rest.strip_prefix(':').is_some_and(is_port) => host,
        (None, Some((name, port))) if !name.contains(':') && is_port(port) => name,
        _ => authority,
    }
}

/// Returns the endpoint of an authority whose host is an IP address, or `None` for a name.
///
/// The port is 80, the default of HTTP (RFC 9110 §4.2.1), if the authority has none.
pub fn endpoint(authority: &str) -> Option<Endpoint> {
    const HTTP: u16 = 80;
    let ip = without_port(authority).parse().ok()?;
    let port = authority.parse().map_or(HTTP, |address: SocketAddr| address.port());
    Some(Endpoint { ip, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_place_of_a_name_has_its_port_or_that_of_http() {
        let shown = |authority: &str| endpoint(authority).map(|end| end.to_string());
        assert_eq!(shown("192.0.2.9:3333").as_deref(), Some("192.0.2.9:3333"));
        assert_eq!(shown("192.0.2.9").as_deref(), Some("192.0.2.9:80"));
        assert_eq!(shown("[2001:db8::9]:3333").as_deref(), Some("[2001:db8::9]:3333"));
        assert_eq!(shown("[2001:db8::9]").as_deref(), Some("[2001:db8::9]:80"));
        assert_eq!(shown("pool.example:3333"), None);
    }

    #[test]
    fn an_authority_loses_its_port_and_brackets_only() {
        for (authority, host) in [
            ("pool.example:3333", "pool.example"),
            ("pool.example:", "pool.example"),
            ("pool.example", "pool.example"),
            ("192.0.2.9:80", "192.0.2.9"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::1", "::1"),
            ("pool.example:x", "pool.example:x"),
            ("[2001:db8::1]x", "[2001:db8::1]x"),
            ("[2001:db8::1", "[2001:db8::1"),
            ("", ""),
        ] {
            assert_eq!(without_port(authority), host, "{authority}");
        }
    }
}
