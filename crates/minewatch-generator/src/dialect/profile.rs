//! What is typical of each dialect: wallet, program, difficulty, coin.
//!
//! All wallets are invented: nobody has their keys. Their checksums hold where the coin has one.

use super::{Dialect, Plan};
use crate::story::MONERO_WALLET;

const ETHEREUM: &str = "0xE1C325306ce62691b71DC61656b7Db78a939bdB0";
const BITCOIN: &str = "12XAL4rzud65wNzmEYb4EowaoiKTgnPry8";
pub const XELIS: &str = "xel:54xu5xp9xza36mgn9n0dvgmm9mv3u0mjrl93jughgj2dvjfun4wrg69w2t4";
/// Where a XELIS node gives out work: the path names wallet and worker.
pub const XELIS_PATH: &str =
    "/getwork/xel:54xu5xp9xza36mgn9n0dvgmm9mv3u0mjrl93jughgj2dvjfun4wrg69w2t4/rig1";
const XMRIG: &str = "XMRig/6.26.0 (Linux x86_64) libuv/1.51.0 gcc/13.2.1";

pub fn typical(dialect: Dialect) -> Plan {
    let (wallet, agent, difficulty) = match dialect {
        Dialect::Monero | Dialect::MoneroSelfSelect => (MONERO_WALLET, XMRIG, 90_001.0),
        Dialect::MoneroStak => {
            (MONERO_WALLET, "xmr-stak/2.10.8/c5f0505d/master/lin/cpu/20", 60_000.0)
        }
        Dialect::MoneroHybrid => (MONERO_WALLET, XMRIG, 2e9),
        Dialect::Monerod => (MONERO_WALLET, XMRIG, 40_000.0),
        Dialect::Bitcoin => (BITCOIN, "cgminer/4.12.1", 4096.0),
        Dialect::EthProxy => (ETHEREUM, "ethminer-0.19.0", 4e9),
        Dialect::EthGetWork => (ETHEREUM, "ethminer", 4e9),
        Dialect::EthStratum1 => (ETHEREUM, "ethminer-0.19.0", 0.5),
        Dialect::EthStratum2 => (ETHEREUM, "ethminer-0.19.0", 4e9),
        Dialect::Equihash => ("t1VF1UFHgpRvFNz25FubfnXPyDWinUgXkEr", "equihashminer", 16_000.0),
        Dialect::KawPow => ("RNevnuWG1KCEjEgdz98iXypNJXBBZbZcwv", "kawpowminer/1.2.4", 2e9),
        Dialect::Kaspa => (
            "kaspa:qr5n0xxa5l6r4fgthwnsga0futjhfe49ctvl75xc73sscfkke5052yyhyl99u",
            "lolMiner 1.85",
            8.0,
        ),
        Dialect::IronFish => {
            ("65c9c7640da0a82b7941ce8c865d3618c53eaf132c829f485f36269da3cb26c6", "bzminer", 1e9)
        }
        Dialect::Alephium => {
            ("15nxRKtZyYhcbcq9iw2gbJ1vjDMPxWkGa6dmuteHf2RNG", "SRBMiner-MULTI/2.4.5", 16.0)
        }
        Dialect::Conflux => ("cfx:aaj0d6fch26hv3bmwcay5ffkap97xzgvw2bksgkhap", "cfxmine", 1e9),
        Dialect::Grin => ("user", "grin-miner", 4.0),
        Dialect::Tari => ("user", "minotari-miner", 90_001.0),
        Dialect::Aeternity => {
            ("ak_2k8PVnDYK4yrBkofvFkpRhrNukCKDRbYxiZGpjS4Pp3k9wzWYJ", "gminer/2.09", 8.0)
        }
        Dialect::Nimiq => ("NQ39 GDF7 XXXP 5LVD E1M0 LG59 2RH4 C8YK PL6C", "NodeJS/1.4.3", 16.0),
        Dialect::Browser => ("aZ3kQ9mT1xVb7Yp0LrEw5UhNs2JcGdOf", "", 256.0),
        Dialect::WebMinerPool => (MONERO_WALLET, "", 1000.0),
        Dialect::GetWork => (BITCOIN, "cgminer 4.2.3", 1.0),
        Dialect::GetBlockTemplate => ("rpcuser", "bfgminer/5.2.0", 1.0),
        Dialect::P2Pool => ("", "", 0.0),
        Dialect::Xelis | Dialect::Xatum | Dialect::GetWorkWs => {
            (XELIS, "tnn-miner/0.6.0", 50_000.0)
        }
        Dialect::Pearl => (
            "prl1pukfj20xk2jh5m7khzsn6pt4nlm5jxtu27gs3l8hyj8zmzzlvk4tqsthu4h",
            "tnn-miner/0.7.1",
            2e9,
        ),
        Dialect::Ckb => (
            "ckb1qqalc8n0jdp8aj7glc54tewd3erderk5klp8vnf2tfxhvacxlpwcvqvsqf9dd0drgqd7njxtenyntakdrasjy6s7zfyak",
            "NBMiner/42.3",
            1e9,
        ),
        Dialect::Kadena => (
            "k:32e70e20e2a6668de7f47e8467e546d53ec8e2a1257bdb256c9b3e4fbb498146",
            "BM-K1/1.0.0",
            1e12,
        ),
        Dialect::Handshake => ("hs1qvzlrzgq7d8ld4g8wazuejl6u0s5enld0dy4pvk", "handyminer/0.4", 8.0),
        Dialect::Vds => ("VcYLLhXtpPs3QnTutwcCLAkjaaBiWTsf3fc", "lolMiner 0.8", 16_000.0),
        Dialect::Verus => ("RXoE8adYsQaGJcGaNBfz3GTcTpi7ZxqQXb", "hellminer/0.60", 3e8),
        Dialect::MeowCoin => ("MWwNcAiYZg928AC2SJQWSPfJw6VK3ua2Wf", "meowpowminer/2.0.0", 2e9),
        Dialect::Starcoin => ("0x5d024c5848f23d1fa6f7361d7f618d15", XMRIG, 10_000.0),
        Dialect::Pascal => ("", "", 1e9),
        Dialect::Epic => ("user", "epic-miner", 2500.0),
        Dialect::Ton => {
            ("EQAOTe5K8rNPQwoHNEfeY2wOgGyVe6aE1kMfterXQk0J4VOe", "ton-pool-client/1.0.0", 1.0)
        }
        Dialect::Aleo => {
            ("aleo1u9fn3ts6xsqy6va6p5jx4szvsxcm4u3780u7aa0hnu45jd90sl6sm0kr27", "", 5000.0)
        }
        Dialect::Duino => ("someuser", "Official PC Miner 4.3", 7500.0),
        Dialect::StratumV2 | Dialect::StratumV2Noise => (BITCOIN, "Acme A1 fw-1.0", 4096.0),
    };
    Plan::new(wallet, agent, difficulty)
}

/// The grammar's name as sensors report it.
pub fn reported(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Monero | Dialect::MoneroStak | Dialect::MoneroSelfSelect | Dialect::Starcoin => {
            "monero"
        }
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
        Dialect::MoneroHybrid | Dialect::KawPow | Dialect::MeowCoin => "kawpow",
        Dialect::Monerod | Dialect::GetBlockTemplate => "getblocktemplate",
        Dialect::Bitcoin => "bitcoin",
        Dialect::EthProxy | Dialect::EthGetWork => "eth-proxy",
        Dialect::EthStratum1 => "eth-stratum-1",
        Dialect::EthStratum2 => "eth-stratum-2",
        Dialect::Equihash | Dialect::Vds | Dialect::Verus => "equihash",
        Dialect::Kaspa => "kaspa",
        Dialect::IronFish => "ironfish",
        Dialect::Alephium => "alephium",
        Dialect::Conflux => "conflux",
        Dialect::Grin => "grin",
        Dialect::Tari => "tari",
        Dialect::Aeternity => "aeternity",
        Dialect::Nimiq => "nimiq",
        Dialect::Browser | Dialect::WebMinerPool => "browser",
        Dialect::GetWork => "getwork",
        Dialect::P2Pool => "p2pool",
        Dialect::StratumV2 | Dialect::StratumV2Noise => "stratum-v2",
    }
}

/// The coin that is paid out.
pub fn coin(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Monero
        | Dialect::MoneroStak
        | Dialect::MoneroSelfSelect
        | Dialect::MoneroHybrid
        | Dialect::Monerod
        | Dialect::Browser
        | Dialect::WebMinerPool
        | Dialect::P2Pool => "XMR",
        Dialect::Bitcoin
        | Dialect::GetWork
        | Dialect::GetBlockTemplate
        | Dialect::StratumV2
        | Dialect::StratumV2Noise => "BTC",
        Dialect::EthProxy | Dialect::EthGetWork | Dialect::EthStratum1 | Dialect::EthStratum2 => {
            "ETC"
        }
        Dialect::Xelis | Dialect::Xatum | Dialect::GetWorkWs => "XEL",
        Dialect::Pearl => "PRL",
        Dialect::Ckb => "CKB",
        Dialect::Kadena => "KDA",
        Dialect::Handshake => "HNS",
        Dialect::Vds => "VDS",
        Dialect::Verus => "VRSC",
        Dialect::MeowCoin => "MEWC",
        Dialect::Starcoin => "STC",
        Dialect::Pascal => "PASC",
        Dialect::Epic => "EPIC",
        Dialect::Ton => "TON",
        Dialect::Aleo => "ALEO",
        Dialect::Duino => "DUCO",
        Dialect::Equihash => "ZEC",
        Dialect::KawPow => "RVN",
        Dialect::Kaspa => "KAS",
        Dialect::IronFish => "IRON",
        Dialect::Alephium => "ALPH",
        Dialect::Conflux => "CFX",
        Dialect::Grin => "GRIN",
        Dialect::Tari => "XTM",
        Dialect::Aeternity => "AE",
        Dialect::Nimiq => "NIM",
    }
}

/// Whether shares repeat who hands them in.
pub fn shares_name_the_user(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::MoneroHybrid
            | Dialect::Bitcoin
            | Dialect::EthGetWork
            | Dialect::EthStratum1
            | Dialect::Equihash
            | Dialect::Kadena
            | Dialect::Handshake
            | Dialect::Vds
            | Dialect::Verus
            | Dialect::MeowCoin
            | Dialect::Duino
            | Dialect::KawPow
            | Dialect::Kaspa
            | Dialect::Alephium
            | Dialect::Conflux
            | Dialect::Aeternity
            | Dialect::GetWork
            | Dialect::GetBlockTemplate
    )
}

/// The port on which pools of this dialect are typically found.
pub fn port(dialect: Dialect) -> u16 {
    match dialect {
        Dialect::Monerod => 18081,
        Dialect::EthProxy | Dialect::EthGetWork => 4444,
        Dialect::Equihash => 2142,
        Dialect::Kaspa => 5555,
        Dialect::IronFish => 9034,
        Dialect::Alephium => 20032,
        Dialect::Conflux => 32525,
        Dialect::Grin => 3416,
        Dialect::Nimiq => 8443,
        Dialect::Browser | Dialect::WebMinerPool => 8181,
        Dialect::GetWork | Dialect::GetBlockTemplate => 8332,
        Dialect::P2Pool => 37889,
        Dialect::StratumV2 | Dialect::StratumV2Noise => 34254,
        _ => 3333,
    }
}

/// Mean time between blocks, in seconds.
pub fn block_time(dialect: Dialect) -> f64 {
    match coin(dialect) {
        "BTC" => 600.0,
        "ETC" => 13.0,
        "ZEC" => 75.0,
        "GRIN" | "RVN" | "IRON" | "NIM" => 60.0,
        "ALPH" => 16.0,
        // Several blocks a second; pools send about one job a second.
        "KAS" => 2.0,
        "AE" => 180.0,
        _ => 120.0,
    }
}
