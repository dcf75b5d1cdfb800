//! The mining protocols that can be spoken, one file each.
//!
//! A dialect is a grammar: how it says hello, hands out work, submits and answers (see
//! [`crate::course`] for when). To add one, write its file and add it to the tables here.

mod aeternity;
mod aleo;
mod alephium;
mod bitcoin;
mod browser;
mod ckb;
mod conflux;
mod duino;
mod epic;
mod equihash;
mod eth_getwork;
mod eth_proxy;
mod eth_stratum1;
mod eth_stratum2;
mod getblocktemplate;
mod getwork;
mod getwork_ws;
pub(crate) mod grammar;
mod grin;
mod handshake;
mod ironfish;
mod kadena;
mod kaspa;
mod kawpow;
mod monero;
mod monero_hybrid;
mod monero_self_select;
mod monero_stak;
mod monerod;
mod nimiq;
mod p2pool;
mod pascal;
mod pearl;
pub mod profile;
mod stratum_v2;
mod tari;
mod ton;
mod vds;
mod verus;
mod webminerpool;
mod xatum;
mod xelis;

use clap::ValueEnum;

use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Conversation, Script, Tag};
use crate::course::run;
pub use crate::plan::Plan;
use crate::plan::micros;
use crate::rng::Rng;
use grammar::Grammar;

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// XMRig with a pool
    Monero,
    /// xmr-stak: no `jsonrpc`, every share has id 1
    MoneroStak,
    /// XMRig in self-select mode: the miner brings the block template
    MoneroSelfSelect,
    /// XMRig that logs in as for Monero and is switched to KawPow's `mining.*`
    MoneroHybrid,
    /// XMRig mining with a Monero node over HTTP, a connection for each request
    Monerod,
    /// Stratum v1 with version rolling
    Bitcoin,
    /// Ethereum's `eth_submitLogin`, `eth_getWork`, `eth_submitWork`
    EthProxy,
    /// Ethereum's `eth_getWork` over HTTP, the wallet in the path
    #[value(name = "eth-getwork")]
    EthGetWork,
    /// EthereumStratum/1.0.0 (NiceHash)
    #[value(name = "eth-stratum-1")]
    EthStratum1,
    /// EthereumStratum/2.0.0
    #[value(name = "eth-stratum-2")]
    EthStratum2,
    /// Zcash (ZIP 301)
    Equihash,
    /// Ravencoin
    #[value(name = "kawpow")]
    KawPow,
    /// Kaspa
    Kaspa,
    /// Iron Fish: `body` instead of `params`
    #[value(name = "ironfish")]
    IronFish,
    /// Alephium: the server speaks first
    Alephium,
    /// Conflux: even true is a string
    Conflux,
    /// Grin: string ids, proofs of 42 numbers
    Grin,
    /// Tari's own miner
    Tari,
    /// Aeternity: proofs of 42 numbers
    Aeternity,
    /// Nimiq before its proof of stake, over WebSocket
    Nimiq,
    /// Coinhive and its clones in web pages, over WebSocket
    Browser,
    /// webminerpool in web pages, over WebSocket
    #[value(name = "webminerpool")]
    WebMinerPool,
    /// Bitcoin's `getwork` over HTTP
    #[value(name = "getwork")]
    GetWork,
    /// Bitcoin's `getblocktemplate` over HTTP
    #[value(name = "getblocktemplate")]
    GetBlockTemplate,
    /// Peers of p2pool
    #[value(name = "p2pool")]
    P2Pool,
    /// Stratum V2 in the clear
    StratumV2,
    /// Stratum V2 inside Noise: only sizes show
    StratumV2Noise,
    /// XELIS with Stratum
    Xelis,
    /// Xatum: lines of a verb and an object
    Xatum,
    /// Work of a XELIS node over WebSocket, the wallet in the path
    #[value(name = "getwork-ws")]
    GetWorkWs,
    /// Pearl: objects instead of arrays
    Pearl,
    /// Nervos CKB: work calls with named arguments
    Ckb,
    /// Kadena: a whole block header in the job
    Kadena,
    /// Handshake: five roots in the job
    Handshake,
    /// VDS: Equihash with a longer header
    Vds,
    /// Verus: the beginning of the solution in the job
    Verus,
    /// MeowCoin: Ravencoin's messages with another address
    #[value(name = "meowcoin")]
    MeowCoin,
    /// Starcoin: Monero's messages with another address
    Starcoin,
    /// PascalCoin: the node speaks first, nobody logs in
    Pascal,
    /// Epic Cash: Grin's calls with an algorithm
    Epic,
    /// TON over WebSocket
    Ton,
    /// Aleo's binary frames
    Aleo,
    /// Duino-Coin: texts with commas
    Duino,
}

/// How the messages of a dialect are carried by TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One JSON object a line.
    Lines,
    /// Messages of a WebSocket.
    WebSocket,
    /// Bodies of HTTP requests and responses.
    Http,
    /// Frames or texts of its own.
    Binary,
}

impl Dialect {
    /// All of them.
    pub fn all() -> &'static [Dialect] {
        Dialect::value_variants()
    }

    /// Its name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub fn framing(self) -> Framing {
        match self {
            Dialect::Nimiq
            | Dialect::Browser
            | Dialect::WebMinerPool
            | Dialect::GetWorkWs
            | Dialect::Ton => Framing::WebSocket,
            Dialect::Monerod
            | Dialect::EthGetWork
            | Dialect::GetWork
            | Dialect::GetBlockTemplate => Framing::Http,
            Dialect::P2Pool
            | Dialect::StratumV2
            | Dialect::StratumV2Noise
            | Dialect::Xatum
            | Dialect::Aleo
            | Dialect::Duino => Framing::Binary,
            _ => Framing::Lines,
        }
    }

    /// A typical miner of this dialect.
    pub fn typical(self) -> Plan {
        profile::typical(self)
    }

    /// The conversation of a miner with a pool.
    pub fn converse(self, plan: &Plan, rng: &mut Rng) -> Conversation {
        let mut conversation = match self.grammar(rng) {
            Some(mut grammar) => run(grammar.as_mut(), plan, rng),
            None => p2pool::converse(plan, rng),
        };
        let facts = &mut conversation.facts;
        facts.dialect = profile::reported(self);
        facts.coin = Some(profile::coin(self));
        facts.named_in_shares = profile::shares_name_the_user(self);
        conversation
    }

    /// Expected hashes of one share of `plan`.
    pub fn hashes(self, plan: &Plan) -> Option<f64> {
        self.grammar(&mut Rng::new(0)).map(|grammar| grammar.hashes(plan))
    }

    fn grammar(self, rng: &mut Rng) -> Option<Box<dyn Grammar>> {
        Some(match self {
            Dialect::Monero => Box::new(monero::Monero::new(rng)),
            Dialect::MoneroStak => Box::new(monero_stak::MoneroStak::new(rng)),
            Dialect::MoneroSelfSelect => Box::new(monero_self_select::MoneroSelfSelect::new(rng)),
            Dialect::MoneroHybrid => Box::<monero_hybrid::MoneroHybrid>::default(),
            Dialect::Monerod => Box::<monerod::Monerod>::default(),
            Dialect::Bitcoin => Box::<bitcoin::Bitcoin>::default(),
            Dialect::EthProxy => Box::<eth_proxy::EthProxy>::default(),
            Dialect::EthGetWork => Box::<eth_getwork::EthGetWork>::default(),
            Dialect::EthStratum1 => Box::<eth_stratum1::EthStratum1>::default(),
            Dialect::EthStratum2 => Box::<eth_stratum2::EthStratum2>::default(),
            Dialect::Equihash => Box::<equihash::Equihash>::default(),
            Dialect::KawPow => Box::<kawpow::KawPow>::default(),
            Dialect::Kaspa => Box::<kaspa::Kaspa>::default(),
            Dialect::IronFish => Box::<ironfish::IronFish>::default(),
            Dialect::Alephium => Box::<alephium::Alephium>::default(),
            Dialect::Conflux => Box::<conflux::Conflux>::default(),
            Dialect::Grin => Box::<grin::Grin>::default(),
            Dialect::Tari => Box::<tari::Tari>::default(),
            Dialect::Aeternity => Box::<aeternity::Aeternity>::default(),
            Dialect::Nimiq => Box::<nimiq::Nimiq>::default(),
            Dialect::Browser => Box::<browser::Browser>::default(),
            Dialect::WebMinerPool => Box::<webminerpool::WebMinerPool>::default(),
            Dialect::GetWork => Box::<getwork::GetWork>::default(),
            Dialect::GetBlockTemplate => Box::<getblocktemplate::GetBlockTemplate>::default(),
            Dialect::Xelis => Box::<xelis::Xelis>::default(),
            Dialect::Xatum => Box::<xatum::Xatum>::default(),
            Dialect::GetWorkWs => Box::<getwork_ws::GetWorkWs>::default(),
            Dialect::Pearl => Box::<pearl::Pearl>::default(),
            Dialect::Ckb => Box::<ckb::Ckb>::default(),
            Dialect::Kadena => Box::<kadena::Kadena>::default(),
            Dialect::Handshake => Box::<handshake::Handshake>::default(),
            Dialect::Vds => Box::<vds::Vds>::default(),
            Dialect::Verus => Box::<verus::Verus>::default(),
            Dialect::MeowCoin => Box::<kawpow::KawPow>::default(),
            Dialect::Starcoin => Box::new(monero::Monero::with_algorithm(rng, "cn/r")),
            Dialect::Pascal => Box::<pascal::Pascal>::default(),
            Dialect::Epic => Box::<epic::Epic>::default(),
            Dialect::Ton => Box::<ton::Ton>::default(),
            Dialect::Aleo => Box::<aleo::Aleo>::default(),
            Dialect::Duino => Box::<duino::Duino>::default(),
            Dialect::P2Pool => return None,
            Dialect::StratumV2 | Dialect::StratumV2Noise => Box::<stratum_v2::StratumV2>::default(),
        })
    }
}

/// `user.worker`, as most pools want it.
pub(crate) fn account(plan: &Plan) -> String {
    format!("{}.{}", plan.wallet, plan.worker)
}

/// Notes what a login tells.
pub(crate) fn introduce(script: &mut Script, plan: &Plan, login: &str) {
    let facts = &mut script.conversation.facts;
    facts.login = Some(login.to_owned());
    facts.wallet = Some(plan.wallet.clone());
    facts.worker = Some(plan.worker.clone());
    facts.agent = (!plan.agent.is_empty()).then(|| plan.agent.clone());
}

/// Subscription and login with these `calls` (the subscription, its answer, the login), then the
/// `first` difficulty and job.
pub(crate) fn open(script: &mut Script, plan: &Plan, calls: [&str; 3], first: [String; 2]) {
    let ([subscribe, subscribed, authorize], [difficulty, job]) = (calls, first);
    script
        .line(Miner, subscribe)
        .line(Pool, subscribed)
        .line(Miner, authorize)
        .tag(Tag::Login)
        .line(Pool, &granted(2))
        .line(Pool, &difficulty)
        .line(Pool, &job)
        .tag(Tag::Job(plan.difficulty));
}

/// A login under the account of a plan, as Bitcoin's dialect has it.
pub(crate) fn authorize(plan: &Plan) -> String {
    let user = account(plan);
    format!(r#"{{"id":2,"method":"mining.authorize","params":["{user}","x"]}}"#)
}

/// Consent to request `id`.
pub(crate) fn granted(id: u64) -> String {
    format!(r#"{{"id":{id},"result":true,"error":null}}"#)
}

/// Refusal of request `id`, with the reason.
pub(crate) fn refused(id: u64, reason: &str) -> String {
    format!(r#"{{"id":{id},"result":null,"error":[21,"{reason}",null]}}"#)
}

/// The pool's new difficulty of shares.
pub(crate) fn set_difficulty(plan: &Plan) -> String {
    let difficulty = plan.difficulty;
    format!(r#"{{"id":null,"method":"mining.set_difficulty","params":[{difficulty}]}}"#)
}

/// The pool's new target for shares of the plan's difficulty.
pub(crate) fn set_target(plan: &Plan) -> String {
    let boundary = target(plan.difficulty);
    format!(r#"{{"id":null,"method":"mining.set_target","params":["{boundary}"]}}"#)
}

/// The 256-bit target that `hashes` expected hashes correspond to, big endian, in 64 digits.
pub(crate) fn target(hashes: f64) -> String {
    // 1 / hashes, digit by digit: the 53 bits of a double are exact enough for a target.
    let mut rest = 1.0 / hashes.max(1.0);
    let mut digits = String::with_capacity(64);
    for _ in 0..16 {
        rest *= 65_536.0;
        let word = rest.floor().min(65_535.0);
        rest -= word;
        digits += &format!("{:04x}", word as u16);
    }
    digits
}

/// The bytes of a number in hexadecimal in the other order.
pub(crate) fn reversed(digits: &str) -> String {
    digits.as_bytes().chunks(2).rev().flatten().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Tag;
    use crate::truth::Stream;

    #[test]
    fn a_target_is_the_inverse_of_its_work() {
        assert!(target(16_000.0).starts_with("0004189374bc"));
        assert!(target(1088.0).starts_with("003c3c3c"));
        assert_eq!(reversed("0a1b2c"), "2c1b0a");
    }

    #[test]
    fn every_message_of_a_text_dialect_is_json() {
        for dialect in Dialect::all().iter().filter(|d| d.framing() != Framing::Binary) {
            let conversation = dialect.converse(&dialect.typical(), &mut Rng::new(1));
            for message in conversation.messages.iter().filter(|m| !m.bytes.starts_with(b"GET ")) {
                let line: Result<serde_json::Value, _> = serde_json::from_slice(&message.bytes);
                assert!(line.is_ok(), "{dialect:?}: {}", String::from_utf8_lossy(&message.bytes));
            }
        }
    }

    #[test]
    fn the_truth_adds_up_in_every_dialect() {
        for &dialect in Dialect::all().iter().filter(|dialect| **dialect != Dialect::P2Pool) {
            let plan = Plan { unanswered: 2, vardiff: true, ..dialect.typical() };
            let conversation = dialect.converse(&plan, &mut Rng::new(1));
            let truth = Stream::of(&conversation.facts, conversation.messages.iter());
            assert_eq!(truth.submits, 20, "{dialect:?}");
            let answered = truth.submits_ok + truth.submits_error;
            assert_eq!(answered + truth.submits_unanswered, truth.submits, "{dialect:?}");
            // The pools of these say nothing of a share that they accept, or of any.
            if !matches!(dialect, Dialect::Nimiq | Dialect::Aleo) {
                assert_eq!(truth.submits_unanswered, 2, "{dialect:?}");
            }
            assert_eq!(truth.verdict, Some("active"), "{dialect:?}");
            assert!(truth.jobs > 1 && truth.hashes > 0.0 && truth.hashrate_hs > Some(0.0));
        }
    }

    #[test]
    fn a_refused_login_is_followed_by_nothing() {
        // Nobody logs in at a peer or a node.
        let logs_in = |dialect: &&Dialect| {
            !matches!(dialect, Dialect::P2Pool | Dialect::Pascal | Dialect::GetWorkWs)
        };
        for &dialect in Dialect::all().iter().filter(logs_in) {
            let plan = Plan { refuse: true, ..dialect.typical() };
            let conversation = dialect.converse(&plan, &mut Rng::new(1));
            let [.., login, refusal] = conversation.messages.as_slice() else { panic!() };
            assert_eq!((login.tag, refusal.tag), (Tag::Login, Tag::Refusal), "{dialect:?}");
            let truth = Stream::of(&conversation.facts, conversation.messages.iter());
            assert_eq!(truth.verdict, Some("attempt"), "{dialect:?}");
        }
    }
}
