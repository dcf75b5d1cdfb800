//! Events of TLS handshakes and of QUIC clients' first packets.

use minewatch_record::{CertificateEvent, QuicEvent, TlsEvent, TlsFingerprint};

use crate::model::event::tls::Certificate;
use crate::model::event::{QuicInitial, TlsHandshake};
use crate::protocol::tls::{ja3, ja4};

pub(super) fn event(handshake: &TlsHandshake) -> TlsEvent {
    let (client, server) = (handshake.client.as_ref(), handshake.server.as_ref());
    TlsEvent {
        version: server.map(|hello| hello.version),
        sni: client.and_then(|hello| hello.sni.clone()),
        certificate: handshake.certificates.first().map(certificate),
        ja3: client.map(|hello| fingerprint(ja3::client(hello))),
        ja3s: server.map(|hello| fingerprint(ja3::server(hello))),
        ja4: client.map(|hello| ja4::client(hello, false)),
    }
}

pub(super) fn quic_event(initial: &QuicInitial) -> QuicEvent {
    QuicEvent {
        version: initial.version,
        sni: initial.hello.sni.clone(),
        ja3: fingerprint(ja3::client(&initial.hello)),
        ja4: ja4::client(&initial.hello, true),
    }
}

fn certificate(certificate: &Certificate) -> CertificateEvent {
    CertificateEvent {
        subject: certificate.subject.clone(),
        issuer: certificate.issuer.clone(),
        serial: certificate.serial.clone(),
        sha1: certificate.sha1,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
    }
}

fn fingerprint((string, hash): (String, String)) -> TlsFingerprint {
    TlsFingerprint { string, hash }
}
