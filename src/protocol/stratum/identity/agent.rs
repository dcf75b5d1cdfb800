//! Recognises mining programs by the agent in logins and in HTTP's `User-Agent`.

/// Texts that the agents of mining programs contain, in lower case. The user chooses the agent: a
/// known one is evidence, an unknown one means nothing.
const NAMES: &[&str] = &[
    "xmrig",
    "xmr-stak",
    "xmr/",
    "xmr-node-proxy",
    "cpuminer",
    "cgminer",
    "bfgminer",
    "sgminer",
    "bosminer",
    "bmminer",
    "btminer",
    "luxminer",
    "braiins",
    "antminer",
    "whatsminer",
    "bitaxe",
    "nerdminer",
    "ccminer",
    "equihashminer",
    "nheqminer",
    "ewbf",
    "lolminer",
    "gminer",
    "rigel",
    "nicehash",
    "nbminer",
    "teamredminer",
    "ethminer",
    "kawpowminer",
    "phoenixminer",
    "t-rex",
    "bzminer",
    "srbminer",
    "wildrig",
    "miniz",
    "tt-miner",
    "iceriver",
    "minotari",
    "grin-miner",
    "epic-miner",
    "cfxmine",
    "deepminer",
    "webminerpool",
    "minergate",
    "claymore",
    "onezerominer",
    "cast_xmr",
    "jceminer",
    "minerd",
    "poclbm",
    "multiminer",
    "beam-miner",
    "hellminer",
    "verus-solver",
    "astrominer",
    "spectre-miner",
    "tnn-miner",
    "stratum-ping",
    "nanominer",
    "kryptex",
    "unminable",
];

/// Whether `agent` names a mining program.
pub(crate) fn is_miner(agent: &str) -> bool {
    let agent = agent.to_ascii_lowercase();
    NAMES.iter().any(|name| agent.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mining_programs_are_told_from_browsers() {
        for agent in ["XMRig/6.26.0 (Linux x86_64)", "cgminer 3.7.2", "EWBF 0.3.4b", "xmr/1.0"] {
            assert!(is_miner(agent), "{agent}");
        }
        for agent in ["Mozilla/5.0", "curl/8.5.0", "electrum/4.5.5", ""] {
            assert!(!is_miner(agent), "{agent}");
        }
    }
}
