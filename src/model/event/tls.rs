//! What TLS and QUIC connections show before they are encrypted.

use crate::model::chunk::Direction;

/// Fields of a ClientHello (RFC 8446 §4.1.2) in wire order, GREASE (RFC 8701) values included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// The direction in which the hello travels: from the TLS client, which need not be the flow's
    /// initiator.
    pub direction: Direction,
    /// `legacy_version`.
    pub version: u16,
    /// `server_name` (RFC 6066 §3): lower case, at most 255 bytes, escaped like `alpn`.
    ///
    /// With `ech` it names only the provider.
    pub sni: Option<String>,
    /// ALPN protocol names in printable ASCII; any other byte, and the backslash, is `\xNN`.
    pub alpn: Vec<String>,
    /// Offered cipher suites.
    pub cipher_suites: Vec<u16>,
    /// Types of all extensions.
    pub extensions: Vec<u16>,
    /// `supported_groups`.
    pub groups: Vec<u16>,
    /// `ec_point_formats`.
    pub point_formats: Vec<u8>,
    /// `signature_algorithms`.
    pub signature_algorithms: Vec<u16>,
    /// `supported_versions`.
    pub supported_versions: Vec<u16>,
    /// An encrypted_client_hello extension is present (RFC 9849): `sni` is the outer one.
    pub ech: bool,
    /// The message was cut before its end; the fields hold what came before the cut.
    pub truncated: bool,
}

/// Fields of a ServerHello (RFC 8446 §4.1.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerHello {
    /// Negotiated version (from `supported_versions` where present).
    pub version: u16,
    /// `legacy_version`.
    pub legacy_version: u16,
    /// The chosen cipher suite.
    pub cipher_suite: u16,
    /// Types of all extensions.
    pub extensions: Vec<u16>,
    /// The chosen ALPN protocol.
    pub alpn: Option<String>,
}

/// Names, serial number, validity and digest of an X.509 certificate (RFC 5280).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Subject, similar to RFC 4514 but most general part first, as Suricata prints it:
    /// `C=IT, ST=Pool, CN=mining.pool`.
    pub subject: String,
    /// Issuer, in the form of `subject`.
    pub issuer: String,
    /// Serial number: hexadecimal, upper case, colon separated.
    pub serial: String,
    /// DNS names of subjectAltName: lower case, escaped like ALPN names, bounded in number.
    pub names: Vec<String>,
    /// Start of the validity, in seconds since the Unix epoch.
    pub not_before: Option<i64>,
    /// End of the validity, in seconds since the Unix epoch.
    pub not_after: Option<i64>,
    /// SHA-1 digest of the whole certificate.
    pub sha1: [u8; 20],
}

/// Everything a TLS connection showed in clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsHandshake {
    /// The direction in which the client's messages travel.
    pub direction: Direction,
    /// The client's hello; the first one if a HelloRetryRequest caused a second.
    pub client: Option<ClientHello>,
    /// The server's hello, if it was seen.
    pub server: Option<ServerHello>,
    /// Certificates, leaf first; empty if TLS 1.3 hides them or a session was resumed.
    pub certificates: Vec<Certificate>,
}

/// A QUIC client Initial (RFC 9001) whose ClientHello could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuicInitial {
    /// Wire version, for example 0x00000001 or 0x6b3343cf.
    pub version: u32,
    /// The client's hello.
    pub hello: ClientHello,
}
