//! The table of evidence: the coins and the unit of difficulty that each dialect and algorithm
//! allows.
//!
//! Address formats name their coins in [`wallet`](super::super::wallet), pools in the intelligence.

use crate::model::event::mining::Dialect;

/// The coins that one piece of evidence allows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct AllowedCoins {
    /// Coins that nearly all miners with this evidence mine. It alone tells the coin if there is
    /// one.
    pub usual: &'static [&'static str],
    /// Other coins that it does not contradict.
    pub also: &'static [&'static str],
}

impl AllowedCoins {
    pub(super) fn contains(&self, coin: &str) -> bool {
        self.usual.contains(&coin) || self.also.contains(&coin)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.usual.iter().chain(self.also).copied()
    }
}

/// Expected hashes of a share of difficulty 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum DifficultyUnit {
    /// The dialect defines it.
    Hashes(f64),
    /// Zcash and Horizen scale Bitcoin's definition to a target of 2^243; other coins differ.
    Zcash,
    /// It depends on the algorithm, which the dialect does not define.
    OfAlgorithm,
    /// Not measured in hashes (cycles, blocks), or not known.
    Unknown,
}

const TWO_POW_32: f64 = (1u64 << 32) as f64;
const TWO_POW_30: f64 = (1u64 << 30) as f64;
const TWO_POW_24: f64 = (1u64 << 24) as f64;
const TWO_POW_16: f64 = 65536.0;

const CRYPTONOTE: &[&str] = &[
    "AEON", "ARQ", "BCN", "CCX", "ETN", "GRFT", "KVA", "MSR", "OXEN", "QRL", "RTM", "RYO", "SAL",
    "SFX", "STC", "SUMO", "TRTL", "WOW", "XEQ", "XHV", "XLA", "XTM", "YDA", "ZEPH", "DERO",
];
const ETHASH: &[&str] = &["ETHW", "ETH", "ETHF", "UBQ", "EXP", "QKC", "OCTA", "EGEM"];
const ETHASH_AND_ETC: &[&str] =
    &["ETC", "ETHW", "ETH", "ETHF", "UBQ", "EXP", "QKC", "OCTA", "EGEM"];
const EQUIHASH: &[&str] = &["ZEN", "FLUX", "BTG", "KMD", "VRSC", "VDS", "AION", "YEC", "ARRR"];
/// MoneroOcean pays Monero for whatever XMRig mines, KawPow included.
const KAWPOW: &[&str] = &["MEWC", "XNA", "CLORE", "NEOX", "EVR", "FIRO", "PRCY", "XMR"];
const HEAVYHASH: &[&str] =
    &["KLS", "PYI", "SPR", "NTL", "NXL", "BGA", "HTN", "CYTX", "WALA", "SDR", "CAS"];
/// Coins whose miners also use Bitcoin's messages, although another row lists them.
const ALSO_BITCOIN: &[&str] = &["BTC", "RTM"];

const fn only(usual: &'static [&'static str]) -> Option<AllowedCoins> {
    among(usual, &[])
}

const fn among(
    usual: &'static [&'static str],
    also: &'static [&'static str],
) -> Option<AllowedCoins> {
    Some(AllowedCoins { usual, also })
}

/// One row: the coins and the unit of a dialect. Without coins, the dialect allows any.
#[rustfmt::skip]
fn row(dialect: Dialect) -> (Option<AllowedCoins>, DifficultyUnit) {
    use DifficultyUnit::{Hashes, OfAlgorithm, Unknown, Zcash};
    match dialect {
        Dialect::Monero           => (among(&["XMR"], CRYPTONOTE),     Hashes(1.0)),
        Dialect::Browser          => (among(&["XMR"], CRYPTONOTE),     Hashes(1.0)),
        Dialect::P2Pool           => (only(&["XMR"]),                  Unknown),
        Dialect::Tari             => (only(&["XTM"]),                  Hashes(1.0)),
        Dialect::GetBlockTemplate => (None,                            Hashes(1.0)),
        // NiceHash: difficulty 1 is the target 00000000ffff0…
        Dialect::EthStratum1      => (among(&[], ETHASH_AND_ETC),      Hashes(TWO_POW_32)),
        Dialect::EthStratum2      => (among(&[], ETHASH_AND_ETC),      Hashes(TWO_POW_32)),
        Dialect::EthProxy         => (among(&["ETC"], ETHASH),         Hashes(TWO_POW_32)),
        // kaspa-stratum-bridge: difficulty 1 is the target 2^224 - 1.
        Dialect::Kaspa            => (among(&["KAS"], HEAVYHASH),      Hashes(TWO_POW_32)),
        // alephium/mining-pool, sample configuration: difficulty 1 is the target 2^226.
        Dialect::Alephium         => (only(&["ALPH"]),                 Hashes(TWO_POW_30)),
        Dialect::Conflux          => (only(&["CFX"]),                  Hashes(TWO_POW_32)),
        Dialect::KawPow           => (among(&["RVN"], KAWPOW),         Hashes(TWO_POW_32)),
        Dialect::Equihash         => (among(&["ZEC"], EQUIHASH),       Zcash),
        Dialect::Grin             => (among(&["GRIN"], &["MWC"]),      Unknown),
        Dialect::Aeternity        => (only(&["AE"]),                   Unknown),
        Dialect::Beam             => (only(&["BEAM"]),                 Unknown),
        Dialect::Nimiq            => (only(&["NIM"]),                  Unknown),
        Dialect::Ergo             => (only(&["ERG"]),                  Unknown),
        Dialect::IronFish         => (only(&["IRON"]),                 Unknown),
        // XELIS and Xatum count in hashes, as DERO does.
        Dialect::Xelis            => (only(&["XEL"]),                  Hashes(1.0)),
        Dialect::Xatum            => (only(&["XEL"]),                  Hashes(1.0)),
        Dialect::GetWorkWs        => (among(&[], &["XEL", "DERO"]), Hashes(1.0)),
        Dialect::Pearl            => (only(&["PRL"]),                  Unknown),
        Dialect::Ckb              => (only(&["CKB"]),                  Unknown),
        Dialect::Kadena           => (only(&["KDA"]),                  Unknown),
        Dialect::Handshake        => (only(&["HNS"]),                  Unknown),
        Dialect::Pascal           => (only(&["PASC"]),                 Unknown),
        Dialect::Epic             => (only(&["EPIC"]),                 Unknown),
        Dialect::Ton              => (only(&["TON"]),                  Unknown),
        Dialect::Aleo             => (only(&["ALEO"]),                 Unknown),
        Dialect::Duino            => (only(&["DUCO"]),                 Unknown),
        Dialect::WorkCalls        => (None,                            Unknown),
        Dialect::StratumV2        => (only(&["BTC"]),                  Hashes(TWO_POW_32)),
        Dialect::Bitcoin          => (None,                            OfAlgorithm),
        Dialect::GetWork          => (None,                            OfAlgorithm),
        Dialect::Unknown          => (None,                            OfAlgorithm),
    }
}

/// The dialects whose rows name their coins.
const WITH_COINS: &[Dialect] = &[
    Dialect::Monero,
    Dialect::Tari,
    Dialect::EthStratum1,
    Dialect::Kaspa,
    Dialect::Alephium,
    Dialect::Conflux,
    Dialect::KawPow,
    Dialect::Equihash,
    Dialect::Grin,
    Dialect::Aeternity,
    Dialect::Beam,
    Dialect::Nimiq,
    Dialect::Ergo,
    Dialect::IronFish,
    Dialect::Xelis,
    Dialect::GetWorkWs,
    Dialect::Pearl,
    Dialect::Ckb,
    Dialect::Kadena,
    Dialect::Handshake,
    Dialect::Pascal,
    Dialect::Epic,
    Dialect::Ton,
    Dialect::Aleo,
    Dialect::Duino,
];

pub(super) fn unit_of(dialect: Dialect) -> DifficultyUnit {
    row(dialect).1
}

/// The coins that a dialect allows; `None` if it allows any.
pub(super) fn coins_of_dialect(dialect: Dialect) -> Option<AllowedCoins> {
    row(dialect).0
}

/// Whether `coin` can be mined with `dialect`.
///
/// Bitcoin's messages serve many coins that no table can list. A coin with messages of its own
/// does not use them.
pub(super) fn dialect_allows(dialect: Dialect, coin: &str) -> bool {
    match (coins_of_dialect(dialect), dialect) {
        (Some(coins), _) => coins.contains(coin),
        (None, Dialect::Bitcoin | Dialect::GetWork) => {
            ALSO_BITCOIN.contains(&coin)
                || !WITH_COINS
                    .iter()
                    .any(|other| coins_of_dialect(*other).is_some_and(|coins| coins.contains(coin)))
        }
        (None, _) => true,
    }
}

/// Algorithm names, the coins that nearly all miners of the algorithm mine, and other coins.
#[rustfmt::skip]
const ALGORITHMS: &[(&[&str], AllowedCoins)] = &[
    (&["rx/0", "randomx"],                     coins(&["XMR"], &["ZEPH", "SAL", "QRL", "EPIC"])),
    (&["rx/wow"],                              coins(&["WOW"], XMR)),
    (&["rx/arq"],                              coins(&["ARQ"], XMR)),
    (&["rx/graft"],                            coins(&["GRFT"], XMR)),
    (&["rx/sfx"],                              coins(&["SFX"], XMR)),
    (&["rx/keva"],                             coins(&["KVA"], XMR)),
    (&["rx/yada"],                             coins(&["YDA"], XMR)),
    (&["rx/xeq"],                              coins(&["XEQ"], XMR)),
    (&["panthera"],                            coins(&["XLA"], XMR)),
    (&["cn/r"],                                coins(&[], &["XMR", "STC", "SUMO"])),
    (&["cn/2", "cn/1", "cryptonight"],         coins(&["XMR"], CRYPTONOTE)),
    (&["cn-pico", "cn-pico/trtl"],             coins(&["TRTL"], XMR)),
    (&["argon2/chukwa", "argon2/chukwav2"],    coins(&["TRTL"], XMR)),
    (&["cn/gpu"],                              coins(&["RYO"], &["CCX", "XMR"])),
    (&["cn-heavy/xhv"],                        coins(&["XHV"], XMR)),
    (&["ghostrider", "gr"],                    coins(&["RTM"], XMR)),
    (&["kawpow"],                              coins(&["RVN"], KAWPOW)),
    (&["meowpow"],                             coins(&["MEWC"], &[])),
    (&["evrprogpow"],                          coins(&["EVR"], &[])),
    (&["firopow"],                             coins(&["FIRO"], &[])),
    (&["kheavyhash"],                          coins(&["KAS"], &[])),
    (&["autolykos2", "autolykos"],             coins(&["ERG"], &[])),
    (&["etchash"],                             coins(&["ETC"], &[])),
    (&["ethash"],                              coins(&[], ETHASH_AND_ETC)),
    (&["sha256d", "sha256"],                   coins(&["BTC"], &["BCH", "XEC", "NMC", "PPC", "FB", "DGB"])),
    (&["scrypt"],                              coins(&["LTC"], &["DOGE", "DGB"])),
    (&["x11"],                                 coins(&["DASH"], &[])),
    (&["144_5", "equihash 144,5"],             coins(&["BTG"], &[])),
    (&["equihash 96,5"],                       coins(&["VDS"], &[])),
    (&["sha3x", "cuckaroo29"],                 coins(&["XTM"], &[])),
    (&["xel/0", "xel/1", "xel/v1", "xel/v2", "xel/v3", "xelishash", "xelishashv2", "xelishashv3"],
                                               coins(&["XEL"], &[])),
    (&["octopus"],                             coins(&["CFX"], &[])),
    (&["verushash"],                           coins(&["VRSC"], &[])),
    (&["fishhash"],                            coins(&["IRON"], &[])),
    (&["beamhash3"],                           coins(&["BEAM"], &[])),
];

/// MoneroOcean pays Monero for whatever XMRig mines.
const XMR: &[&str] = &["XMR"];

const fn coins(usual: &'static [&'static str], also: &'static [&'static str]) -> AllowedCoins {
    AllowedCoins { usual, also }
}

/// The coins that an algorithm allows; `None` if its name is not in the table.
pub(super) fn coins_of_algorithm(algorithm: &str) -> Option<AllowedCoins> {
    let named = |names: &[&str]| names.iter().any(|name| algorithm.eq_ignore_ascii_case(name));
    ALGORITHMS.iter().find(|(names, _)| named(names)).map(|(_, coins)| *coins)
}

/// Whether `name` is a mining algorithm: a known one, or a name that begins with a family of XMRig.
pub(crate) fn is_algorithm(name: &str) -> bool {
    const FAMILIES: &[&str] = &["rx/", "cn/", "cn-", "argon2/", "randomx", "astrobwt"];
    let name = name.to_ascii_lowercase();
    coins_of_algorithm(&name).is_some() || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Hashes of a share of difficulty 1 in the dialects of Bitcoin's family.
pub(super) fn hashes_of_algorithm(algorithm: &str) -> Option<f64> {
    Some(match algorithm.to_ascii_lowercase().as_str() {
        "sha256" | "sha256d" => TWO_POW_32,
        "scrypt" | "ghostrider" | "gr" => TWO_POW_16,
        "x11" => TWO_POW_24,
        _ => return None,
    })
}

/// Hashes of a share of difficulty 1 of Equihash where Bitcoin's definition is scaled to 2^243.
pub(super) const ZCASH_UNIT: f64 = 8192.0;

/// Algorithm of a coin in the Bitcoin family, by ticker: jobs of these coins do not name it.
///
/// `None` for coins with several algorithms, or with one whose unit of difficulty is not known.
pub(super) fn algorithm_of_coin(coin: &str) -> Option<&'static str> {
    Some(match coin {
        "BTC" | "BCH" | "XEC" | "NMC" | "PPC" | "FB" => "sha256d",
        "LTC" | "DOGE" => "scrypt",
        "DASH" => "x11",
        "RTM" => "ghostrider",
        _ => return None,
    })
}
