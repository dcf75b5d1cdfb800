//! The body of records of kind `mining`.

use std::cmp::Ordering;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::Word;

/// The mining of one host, or the evidence that it may mine.
#[derive(Clone, Debug, PartialEq)]
pub struct MiningIncident {
    /// How far the host has got.
    pub verdict: Verdict,
    /// The known facts about the pool.
    pub pool: Pool,
    /// The mining itself; `None` while no mining protocol was seen.
    pub mining: Option<Mining>,
}

/// How far a host has got: five ordered verdicts, and probing.
///
/// [`Verdict::Probe`] is neither more nor less than the others and does not compare with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// A pool's name was looked up or its address reached.
    Contact,
    /// The host spoke a mining protocol and got no answer, or was refused.
    Attempt,
    /// The pool answered in the protocol.
    Session,
    /// Work was delivered.
    Mining,
    /// Shares were submitted.
    Active,
    /// The host tried many pools and worked for none: a scanner, a pool catalogue, a monitoring
    /// system.
    Probe,
}

impl Verdict {
    /// All verdicts, the ordered ones first.
    pub const ALL: [Verdict; 6] = [
        Verdict::Contact,
        Verdict::Attempt,
        Verdict::Session,
        Verdict::Mining,
        Verdict::Active,
        Verdict::Probe,
    ];

    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Probe => "probe",
            Verdict::Contact => "contact",
            Verdict::Attempt => "attempt",
            Verdict::Session => "session",
            Verdict::Mining => "mining",
            Verdict::Active => "active",
        }
    }

    /// Its place in the order, from 1; `None` for [`Verdict::Probe`].
    pub const fn rung(self) -> Option<u8> {
        match self {
            Verdict::Contact => Some(1),
            Verdict::Attempt => Some(2),
            Verdict::Session => Some(3),
            Verdict::Mining => Some(4),
            Verdict::Active => Some(5),
            Verdict::Probe => None,
        }
    }
}

impl PartialOrd for Verdict {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.rung(), other.rung()) {
            (Some(one), Some(two)) => Some(one.cmp(&two)),
            _ => (self == other).then_some(Ordering::Equal),
        }
    }
}

/// The pool at the far end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Name of the pool in the intelligence, else null.
    pub name: Option<String>,
    /// Name under which the host reached the pool (DNS, SNI, HTTP, tunnel target).
    pub domain: Option<String>,
    /// Address; null while only a name was looked up.
    pub ip: Option<IpAddr>,
    /// Port; null while no connection was seen.
    pub port: Option<u16>,
    /// `tcp` or `udp`.
    pub transport: Option<Word>,
    /// `pool`, `proxy`, `browser`, `malware` or `policy`, if the intelligence lists it.
    pub class: Option<Word>,
}

/// The known facts about the mining itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mining {
    /// The dialect of the mining protocol.
    pub dialect: Word,
    /// Ticker symbol of the coin.
    pub coin: Option<String>,
    /// All coins that remain possible; empty if nothing is known of the coin.
    pub coins: Vec<String>,
    /// The source from which the coin was derived, or why it is not told.
    pub coin_reason: Option<Word>,
    /// Algorithm of the jobs: `rx/0`.
    pub algorithm: Option<String>,
    /// The name that the mining program gives itself.
    pub agent: Option<String>,
    /// Payout address.
    pub wallet: Option<String>,
    /// Whether the checksum of the wallet is right.
    pub wallet_checksum: Option<Checksum>,
    /// Whether the login shows a wallet; null without a login.
    pub wallet_state: Option<WalletState>,
    /// `wallet_state` is `hidden`.
    pub wallet_hidden: bool,
    /// Name of the rig.
    pub worker: Option<String>,
    /// User name given at login, as sent.
    pub login: Option<String>,
    /// The protocols that carry the messages, outermost first.
    pub carriers: Vec<Carrier>,
    /// Jobs delivered.
    pub jobs: u64,
    /// Counts of shares over all connections.
    pub shares: Shares,
    /// Difficulty in force, in the dialect's own unit.
    pub difficulty: Option<f64>,
    /// Hashrate estimated from shares, in hashes per second.
    pub hashrate_hs: Option<f64>,
    /// One standard error of `hashrate_hs`, in hashes per second.
    pub hashrate_error: Option<f64>,
    /// Hashrate that the miner reports, in hashes per second, if its protocol carries one.
    pub hashrate_reported_hs: Option<f64>,
    /// Mining connections seen.
    pub connections: u64,
    /// Reason that the pool gave when it refused the login.
    pub refused: Option<String>,
    /// A donation round: the payee is the miner's author.
    pub donation: bool,
    /// Only one direction of the conversation was seen.
    pub one_way: bool,
    /// The capture began in the middle of the conversation.
    pub midstream: bool,
}

/// A protocol that carries the mining messages inside the TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // names of protocols
pub enum Carrier {
    Socks4,
    Socks5,
    HttpConnect,
    ProxyProtocol,
    Http,
    #[serde(rename = "websocket")]
    WebSocket,
    /// Noise-encrypted Stratum V2.
    Noise,
}

/// Whether a login shows the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WalletState {
    /// The login contains an address of a known format.
    Known,
    /// The login contains what looks like an address, in a format that is not known.
    UnknownFormat,
    /// The login is the name of a pool account or of a proxy, which hides the wallet.
    Hidden,
}

/// Whether the checksum of an address is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    /// The checksum is right.
    Valid,
    /// The format is that of a wallet and the checksum is wrong: mistyped, cut or invented.
    Invalid,
    /// The format has no checksum.
    #[default]
    Absent,
}

/// Counts of shares. `unanswered` = submitted - accepted - rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say it all
pub struct Shares {
    pub submitted: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub unanswered: u64,
}

impl Shares {
    /// Adds the shares of another connection.
    pub fn add(&mut self, other: &Shares) {
        self.submitted += other.submitted;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.unanswered += other.unanswered;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_ascends_and_a_probe_stands_beside_it() {
        let [ladder @ .., probe] = Verdict::ALL;
        assert!(ladder.is_sorted_by(|one, two| one < two));
        assert!(ladder.iter().all(|rung| rung.partial_cmp(&probe).is_none()));
        assert_eq!(probe.partial_cmp(&probe), Some(Ordering::Equal));
    }
}
