//! Maps an incident to techniques of MITRE ATT&CK.

use crate::model::record::{Carrier, MiningIncident, Verdict, Word};

/// The ids of an incident's techniques (version 15 and later, where T1496 has sub-techniques).
pub(super) fn techniques(incident: &MiningIncident) -> Vec<Word> {
    /// Ports on which a network expects another protocol: FTP, SSH, Telnet, SMTP, DNS, HTTP,
    /// POP3, NTP, IMAP, HTTPS.
    const FOREIGN_PORTS: [u16; 10] = [21, 22, 23, 25, 53, 80, 110, 123, 143, 443];
    let mut ids = vec![if incident.verdict >= Verdict::Attempt { "T1496.001" } else { "T1496" }];
    if let Some(mining) = &incident.mining {
        let direct = mining.carriers.is_empty();
        if direct && incident.pool.port.is_some_and(|port| FOREIGN_PORTS.contains(&port)) {
            ids.push("T1571"); // Non-Standard Port
        }
        let proxied = [Carrier::Socks4, Carrier::Socks5, Carrier::HttpConnect];
        if mining.carriers.iter().any(|carrier| proxied.contains(carrier)) {
            ids.push("T1090"); // Proxy
        }
    }
    ids.into_iter().map(Word::Borrowed).collect()
}
