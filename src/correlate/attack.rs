//! What an incident is in MITRE ATT&CK.

use crate::model::alert::{Alert, Verdict};
use crate::model::event::mining::Carrier;

/// Ids of techniques (version 15 and later, where T1496 has sub-techniques).
pub(super) fn techniques(alert: &Alert) -> Vec<&'static str> {
    /// Ports on which a network expects another protocol: FTP, SSH, Telnet, SMTP, DNS, HTTP,
    /// POP3, NTP, IMAP, HTTPS.
    const FOREIGN_PORTS: [u16; 10] = [21, 22, 23, 25, 53, 80, 110, 123, 143, 443];
    let mut ids = vec![if alert.verdict >= Verdict::Attempt { "T1496.001" } else { "T1496" }];
    if let Some(mining) = &alert.mining {
        let direct = mining.carriers.is_empty();
        if direct && alert.pool.port.is_some_and(|port| FOREIGN_PORTS.contains(&port)) {
            ids.push("T1571"); // Non-Standard Port
        }
        let proxied = [Carrier::Socks4, Carrier::Socks5, Carrier::HttpConnect];
        if mining.carriers.iter().any(|carrier| proxied.contains(carrier)) {
            ids.push("T1090"); // Proxy
        }
    }
    ids
}
