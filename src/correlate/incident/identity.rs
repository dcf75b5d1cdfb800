//! Identities: signals about one host that share one belong to the same incident.

use std::net::IpAddr;

use crate::model::event::MiningSession;

/// Identities kept for one incident. A host that uses more is better split into several incidents.
const MAX_IDENTITIES: usize = 64;

/// A pool or wallet that stays the same over many connections of a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::correlate) enum Identity {
    /// The name of a pool in the intelligence.
    Pool(String),
    /// The registrable domain of a name under which the host reached the pool.
    Domain(String),
    Address(IpAddr),
    Wallet(String),
}

impl Identity {
    /// The identity of a host name: its registrable domain (Public Suffix List), or itself. HTTP
    /// and proxies give addresses where names could be.
    pub(crate) fn from_name(name: &str) -> Identity {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse() {
            return Identity::Address(address);
        }
        let domain = psl::domain_str(name).unwrap_or(name);
        Identity::Domain(domain.to_owned())
    }

    /// The identity of the host to which the pool redirects the miner: the session there belongs to
    /// the same incident. `None` without a redirect, or if it names no host.
    pub(crate) fn from_redirect(session: &MiningSession) -> Option<Identity> {
        let (host, _) = session.redirect.as_ref()?;
        let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then(|| Identity::from_name(&host))
    }

    /// The identity of a session's payee: its wallet. The name of an account is no identity, since
    /// many may use the same word. `None` for donations, too: they go to the miner's author and say
    /// nothing about the payee.
    pub(crate) fn from_payee(session: &MiningSession) -> Option<Identity> {
        if session.donation {
            return None;
        }
        session.wallet.as_ref().map(|wallet| Identity::Wallet(wallet.address.clone()))
    }
}

/// The identities of one incident.
#[derive(Clone, Debug, Default)]
pub(in crate::correlate) struct Identities {
    identities: Vec<Identity>,
}

impl Identities {
    pub(crate) fn as_slice(&self) -> &[Identity] {
        &self.identities
    }

    pub(crate) fn shares_any(&self, identities: &[Identity]) -> bool {
        identities.iter().any(|identity| self.identities.contains(identity))
    }

    /// Adds identities, up to [`MAX_IDENTITIES`].
    pub(crate) fn add(&mut self, identities: &[Identity]) {
        for identity in identities {
            if self.identities.len() < MAX_IDENTITIES && !self.identities.contains(identity) {
                self.identities.push(identity.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_to_an_address_or_a_domain_or_nowhere_else() {
        let to = |host: &str| {
            let redirect = Some((host.to_owned(), 5555));
            Identity::from_redirect(&MiningSession { redirect, ..MiningSession::default() })
        };
        assert_eq!(to("EU2.Pool.Example."), Some(Identity::from_name("pool.example")));
        assert_eq!(to("192.0.2.9"), Some(Identity::Address([192, 0, 2, 9].into())));
        assert_eq!(to("[2001:db8::9]"), Some(Identity::Address("2001:db8::9".parse().unwrap())));
        assert_eq!(to(""), None);
        assert_eq!(Identity::from_redirect(&MiningSession::default()), None);
    }

    #[test]
    fn names_of_one_operator_are_one_identity() {
        let mut identities = Identities::default();
        identities.add(&[Identity::from_name("pool.supportxmr.com")]);
        assert!(identities.shares_any(&[Identity::from_name("de.supportxmr.com")]));
        assert!(!identities.shares_any(&[Identity::from_name("supportxmr.co.uk")]));
    }
}
