//! What makes two findings about one host parts of the same incident.

use std::net::IpAddr;

use crate::model::event::MiningSession;

/// Identities kept for one incident; a host that goes through more is better told apart anyway.
const MAX_IDENTITIES: usize = 64;

/// Something that a campaign keeps while its connections come and go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// A pool of the intelligence, by name.
    Pool(String),
    /// The registrable domain of a name under which the host reached it.
    Domain(String),
    Address(IpAddr),
    Wallet(String),
}

impl Identity {
    /// The identity of a host name: its registrable domain (Public Suffix List), or itself. HTTP
    /// and proxies give addresses where names could be.
    pub fn of_name(name: &str) -> Identity {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse() {
            return Identity::Address(address);
        }
        let domain = psl::domain_str(name).unwrap_or(name);
        Identity::Domain(domain.to_owned())
    }

    /// The identity of the place to which the pool has sent the miner: what it goes on with there
    /// is the same campaign. `None` if that is the place where it is.
    pub fn of_redirect(session: &MiningSession) -> Option<Identity> {
        let (host, _) = session.redirect.as_ref()?;
        let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then(|| Identity::of_name(&host))
    }

    /// The identity of a session's payee: its wallet. An account's name may be a word that many
    /// have. Donations go to the miner's author and say nothing about the campaign.
    pub fn of_payee(session: &MiningSession) -> Option<Identity> {
        if session.donation {
            return None;
        }
        session.wallet.as_ref().map(|wallet| Identity::Wallet(wallet.address.clone()))
    }
}

/// The identities of one incident.
#[derive(Clone, Debug, Default)]
pub(super) struct Campaign {
    identities: Vec<Identity>,
}

impl Campaign {
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    pub fn shares_any(&self, identities: &[Identity]) -> bool {
        identities.iter().any(|identity| self.identities.contains(identity))
    }

    /// Adds identities, as long as there is room.
    pub fn add(&mut self, identities: &[Identity]) {
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
            Identity::of_redirect(&MiningSession { redirect, ..MiningSession::default() })
        };
        assert_eq!(to("EU2.Pool.Example."), Some(Identity::of_name("pool.example")));
        assert_eq!(to("192.0.2.9"), Some(Identity::Address([192, 0, 2, 9].into())));
        assert_eq!(to("[2001:db8::9]"), Some(Identity::Address("2001:db8::9".parse().unwrap())));
        assert_eq!(to(""), None);
        assert_eq!(Identity::of_redirect(&MiningSession::default()), None);
    }

    #[test]
    fn names_of_one_operator_are_one_campaign() {
        let mut campaign = Campaign::default();
        campaign.add(&[Identity::of_name("pool.supportxmr.com")]);
        assert!(campaign.shares_any(&[Identity::of_name("de.supportxmr.com")]));
        assert!(!campaign.shares_any(&[Identity::of_name("supportxmr.co.uk")]));
    }
}
