//! What is typical of each dialect: wallet, program, difficulty, coin.
//!
//! All wallets are invented: nobody has their keys. Their checksums hold where the coin has one.

use super::{Dialect, Plan};
use crate::story::MONERO_WALLET;

const ETHEREUM: &str = "0xE1C325306ce62691b71DC61656b7Db78a939bdB0";
const BITCOIN: &str = "12XAL4rzud65wNzmEYb4EowaoiKTgnPry8";
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
        Dialect::StratumV2 | Dialect::StratumV2Noise => (BITCOIN, "Acme A1 fw-1.0", 4096.0),
    };
    Plan::new(wallet, agent, difficulty)
}

/// The grammar's name as sensors report it.
pub fn reported(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Monero | Dialect::MoneroStak | Dialect::MoneroSelfSelect => "monero",
        Dialect::MoneroHybrid | Dialect::KawPow => "kawpow",
        Dialect::Monerod | Dialect::GetBlockTemplate => "getblocktemplate",
        Dialect::Bitcoin => "bitcoin",
        Dialect::EthProxy | Dialect::EthGetWork => "eth-proxy",
        Dialect::EthStratum1 => "eth-stratum-1",
        Dialect::EthStratum2 => "eth-stratum-2",
        Dialect::Equihash => "equihash",
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
