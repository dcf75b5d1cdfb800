//! Mining conversations: what the parser of a mining protocol knows about one connection.

use serde::Serialize;

use super::Moment;
use super::tunnel::{Tunnel, TunnelKind};
use crate::model::chunk::Direction;
use crate::model::{EvidenceKind, Timestamp};

pub use minewatch_record::{Carrier, Checksum, Shares, WalletState};

/// The grammar that a conversation follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // docs/ALERTS.md says what is mined with each
pub enum Dialect {
    Monero,
    Bitcoin,
    EthProxy,
    #[serde(rename = "eth-stratum-1")]
    EthStratum1,
    #[serde(rename = "eth-stratum-2")]
    EthStratum2,
    Equihash,
    #[serde(rename = "kawpow")]
    KawPow,
    Kaspa,
    #[serde(rename = "ironfish")]
    IronFish,
    Alephium,
    Conflux,
    Grin,
    Tari,
    Aeternity,
    Nimiq,
    Ergo,
    Beam,
    Xelis,
    Xatum,
    /// Work of a node over WebSocket (XELIS, DERO).
    #[serde(rename = "getwork-ws")]
    GetWorkWs,
    Pearl,
    Ckb,
    Kadena,
    Handshake,
    Pascal,
    Epic,
    Ton,
    Aleo,
    Duino,
    /// Ethereum's work calls under another name (`aqua_getWork`), or with other arguments.
    WorkCalls,
    #[serde(rename = "stratum-v2")]
    StratumV2,
    #[serde(rename = "getwork")]
    GetWork,
    #[serde(rename = "getblocktemplate")]
    GetBlockTemplate,
    /// Mining in a web page over WebSocket (Coinhive, webminerpool and the like).
    Browser,
    #[serde(rename = "p2pool")]
    P2Pool,
    #[default]
    Unknown,
}

impl Dialect {
    /// The name used in alerts.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Monero => "monero",
            Dialect::Bitcoin => "bitcoin",
            Dialect::EthProxy => "eth-proxy",
            Dialect::EthStratum1 => "eth-stratum-1",
            Dialect::EthStratum2 => "eth-stratum-2",
            Dialect::Equihash => "equihash",
            Dialect::KawPow => "kawpow",
            Dialect::Kaspa => "kaspa",
            Dialect::IronFish => "ironfish",
            Dialect::Alephium => "alephium",
            Dialect::Conflux => "conflux",
            Dialect::Grin => "grin",
            Dialect::Tari => "tari",
            Dialect::Aeternity => "aeternity",
            Dialect::Nimiq => "nimiq",
            Dialect::Ergo => "ergo",
            Dialect::Beam => "beam",
            Dialect::Xelis => "xelis",
            Dialect::Xatum => "xatum",
            Dialect::GetWorkWs => "getwork-ws",
            Dialect::Pearl => "pearl",
            Dialect::Ckb => "ckb",
            Dialect::Kadena => "kadena",
            Dialect::Handshake => "handshake",
            Dialect::Pascal => "pascal",
            Dialect::Epic => "epic",
            Dialect::Ton => "ton",
            Dialect::Aleo => "aleo",
            Dialect::Duino => "duino",
            Dialect::WorkCalls => "work-calls",
            Dialect::StratumV2 => "stratum-v2",
            Dialect::GetWork => "getwork",
            Dialect::GetBlockTemplate => "getblocktemplate",
            Dialect::Browser => "browser",
            Dialect::P2Pool => "p2pool",
            Dialect::Unknown => "unknown",
        }
    }
}

impl From<TunnelKind> for Carrier {
    fn from(kind: TunnelKind) -> Self {
        match kind {
            TunnelKind::Socks4 => Carrier::Socks4,
            TunnelKind::Socks5 => Carrier::Socks5,
            TunnelKind::HttpConnect => Carrier::HttpConnect,
            TunnelKind::ProxyProtocol => Carrier::ProxyProtocol,
        }
    }
}

/// A payout address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Wallet {
    /// The address as sent.
    pub address: String,
    /// Ticker symbols of the coins that use this format, most likely first ("XMR").
    pub coins: Vec<&'static str>,
    /// Whether the checksum holds.
    pub checksum: Checksum,
}

/// Work proven by shares; `correlate::mining::hashrate` estimates the hashrate from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Sum of the expected hashes of all counted shares that were not rejected.
    pub hashes: f64,
    /// Sum of the squares of those expected hashes.
    pub hashes_squared: f64,
    /// Number of shares in `hashes`: those whose job and difficulty were seen.
    pub shares: u64,
    /// Packet time at which work of known difficulty was first available.
    pub first_job: Option<Timestamp>,
    /// Packet time of the last message of either side.
    pub last_message: Option<Timestamp>,
    /// Expected hashes of a share, if the last message submits or accepts it.
    pub last_share: Option<f64>,
    /// Rate that the nonces of the shares show, if they do.
    pub pace: Option<Pace>,
    /// Longest pauses between messages since `first_job`, as (start, end), in time order.
    ///
    /// Their number is bounded.
    pub pauses: Vec<(Timestamp, Timestamp)>,
}

/// The rate at which a miner tries nonces, measured from the nonces of its shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Median of the rates that single shares show.
    pub hashes_per_second: f64,
    /// Standard deviation of those rates, in hashes per second.
    pub spread: f64,
}

/// The progress of a mining conversation, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConversationStage {
    /// One side sent what a miner sends.
    Requested,
    /// The other side sent what a pool sends.
    Answered,
    /// Work was delivered.
    WorkDelivered,
    /// Shares were submitted.
    ShareSubmitted,
}

impl ConversationStage {
    /// Returns the kind of message that usually proves the stage.
    pub const fn usual_evidence(self) -> EvidenceKind {
        match self {
            ConversationStage::Requested => EvidenceKind::Login,
            ConversationStage::Answered => EvidenceKind::LoginReply,
            ConversationStage::WorkDelivered => EvidenceKind::Job,
            ConversationStage::ShareSubmitted => EvidenceKind::Share,
        }
    }
}

/// One stage of a conversation, with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageProof {
    /// The stage that is proven.
    pub stage: ConversationStage,
    /// The kind of message that was seen.
    ///
    /// It can be a share at a lower stage: a share proves less if the other side was not seen, or
    /// if the capture began in the middle of the connection.
    pub kind: EvidenceKind,
    /// When the message was seen.
    pub at: Moment,
    /// Printable description, for example `login of 41ymEB… with XMRig/3.2.0`.
    pub detail: String,
}

impl MiningSession {
    /// Returns the bytes that the session's texts and lists hold on the heap.
    pub fn held(&self) -> usize {
        let texts = [&self.login, &self.worker, &self.rig_id, &self.agent];
        let texts = texts
            .into_iter()
            .flatten()
            .chain(&self.algorithms)
            .chain(&self.coins)
            .map(String::capacity);
        let wallet = self.wallet.as_ref().map_or(0, |wallet| wallet.address.capacity());
        let steps = self.steps.iter().map(|step| step.detail.capacity()).sum::<usize>();
        let pauses = self.work.pauses.capacity() * size_of::<(Timestamp, Timestamp)>();
        let lists = self.steps.capacity() * size_of::<StageProof>() + pauses;
        texts.sum::<usize>() + wallet + steps + lists
    }
}

/// A snapshot of one connection's mining conversation. Texts are printable and bounded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MiningSession {
    /// The grammar of the messages, once it is known.
    pub dialect: Dialect,
    /// The direction in which the miner's messages travel; `None` while it is unknown.
    pub miner: Option<Direction>,
    /// Stages reached, lowest first, each at most once.
    pub steps: Vec<StageProof>,
    /// What wraps the messages, outermost first.
    pub carriers: Vec<Carrier>,
    /// The innermost tunnel, if the conversation runs through one.
    pub tunnel: Option<Tunnel>,
    /// User name given at login, as sent.
    pub login: Option<String>,
    /// Payout address, if the login contains one.
    pub wallet: Option<Wallet>,
    /// Name of the rig.
    pub worker: Option<String>,
    /// `rigid` of XMRig.
    pub rig_id: Option<String>,
    /// Name and version of the mining software, as the miner reports them.
    pub agent: Option<String>,
    /// Algorithm of the jobs ("rx/0"), otherwise of a login that names exactly one.
    pub algorithm: Option<String>,
    /// Algorithms that the miner offers.
    pub algorithms: Vec<String>,
    /// Ticker symbol of the coin that is mined.
    pub coin: Option<String>,
    /// All coins that remain possible; `coin` is set if only one is left.
    pub coins: Vec<String>,
    /// Evidence for the coin: `wallet`, `algorithm`, `dialect`, … or why it is not told.
    pub coin_reason: Option<&'static str>,
    /// Number of jobs delivered.
    pub jobs: u64,
    /// Numbers of shares submitted, and of the pool's answers to them.
    pub shares: Shares,
    /// Current difficulty, in the dialect's own unit.
    pub difficulty: Option<f64>,
    /// Work proven by shares.
    pub work: Work,
    /// Hashes per second that the miner itself reported.
    pub reported_hashrate: Option<f64>,
    /// The pool's message when it refused the login.
    pub refused: Option<String>,
    /// Host and port to which the pool redirected the miner; an empty host means the same host.
    pub redirect: Option<(String, u16)>,
    /// The miner is in a donation round of XMRig: the login is a hash of the user's wallet.
    pub donation: bool,
    /// Whether the login shows a wallet; `None` without a login.
    pub wallet_state: Option<WalletState>,
    /// Only one direction of the connection was seen.
    pub one_way: bool,
    /// The conversation had begun before the capture.
    pub midstream: bool,
    /// When the first message of either side was seen.
    pub first_message: Option<Moment>,
    /// When the newest message of either side was seen.
    pub last_message: Option<Moment>,
}

impl MiningSession {
    /// Returns the highest stage reached.
    pub fn stage(&self) -> Option<ConversationStage> {
        self.steps.iter().map(|step| step.stage).max()
    }
}
