//! Combines what a conversation shows of its coin and of its unit of difficulty.
//!
//! ```text
//! wallet ────┐
//! algorithm ─┼─▶ intersection of the coins allowed ─▶ candidates ─▶ coin, unit of difficulty
//! dialect ───┘
//! ```
//!
//! Evidence that contradicts leaves no candidate: then nothing is told, and `coin_reason` says so.

mod table;

use crate::model::event::mining::{Dialect, Wallet};

pub(crate) use table::is_algorithm;
use table::{AllowedCoins, DifficultyUnit};

/// What a conversation shows of its coin.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CoinEvidence<'a> {
    /// Currency for payouts that the login names. Pools that ask for it accept any work.
    pub named: Option<&'a str>,
    pub wallet: Option<&'a Wallet>,
    /// An address in a format that is not known stands in the login: the coin may be any.
    pub unread_address: bool,
    pub algorithm: Option<&'a str>,
    /// The dialect, or a guess at it.
    pub dialect: Dialect,
    /// Messages that only this dialect has were seen.
    pub dialect_proven: bool,
    /// The pool lets the miner roll bits of the block's version, as only SHA-256d miners do.
    pub version_rolling: bool,
}

/// What the evidence tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CoinVerdict {
    /// All coins that remain possible. Empty if nothing is known, or if evidence contradicts.
    pub candidates: Vec<String>,
    /// What the coin was told from, or why it is not told.
    pub reason: Option<&'static str>,
}

impl CoinVerdict {
    /// The coin, if one is left.
    pub(crate) fn coin(&self) -> Option<&str> {
        match self.candidates.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// `coin_reason` where the evidence contradicts itself.
pub(crate) const CONTRADICTION: &str = "contradiction";
/// `coin_reason` where more than one coin remains.
pub(crate) const SEVERAL: &str = "several";

impl CoinEvidence<'_> {
    /// Tells the coin from the strongest source: login, wallet, algorithm, then dialect.
    pub(crate) fn judge(&self) -> CoinVerdict {
        if let Some(named) = self.named {
            return CoinVerdict { candidates: vec![named.to_owned()], reason: Some("login") };
        }
        let Some((allowed, reason)) = self.allowed() else { return CoinVerdict::default() };
        let usual = self.usual();
        let narrowed: Vec<_> =
            allowed.iter().filter(|coin| usual.contains(coin)).copied().collect();
        let candidates = if narrowed.len() == 1 { &narrowed } else { &allowed };
        CoinVerdict {
            candidates: candidates.iter().map(|coin| (*coin).to_owned()).collect(),
            reason: Some(match candidates.as_slice() {
                [] => CONTRADICTION,
                [_] => reason,
                _ => SEVERAL,
            }),
        }
    }

    /// Expected hashes of a share of difficulty 1, where all evidence agrees on them.
    pub(crate) fn hashes_per_difficulty(&self) -> Option<f64> {
        let allowed = self.allowed();
        if allowed.as_ref().is_some_and(|(coins, _)| coins.is_empty()) && self.named.is_none() {
            return None;
        }
        if !self.dialect_proven {
            // A guess at the dialect is a guess at the unit.
            return None;
        }
        match table::unit_of(self.dialect) {
            DifficultyUnit::Hashes(hashes) => Some(hashes),
            DifficultyUnit::Zcash => {
                matches!(self.judge().coin(), Some("ZEC" | "ZEN")).then_some(table::ZCASH_UNIT)
            }
            DifficultyUnit::OfAlgorithm => match self.algorithm {
                Some(algorithm) => table::hashes_of_algorithm(algorithm),
                None if self.named.is_some() => None,
                None => match allowed {
                    Some((coins, _)) => one_unit(&coins),
                    None if self.version_rolling => table::hashes_of_algorithm("sha256d"),
                    None => None,
                },
            },
            DifficultyUnit::Unknown => None,
        }
    }

    /// The coins that all evidence allows, and the strongest evidence. `None` without evidence.
    fn allowed(&self) -> Option<(Vec<&'static str>, &'static str)> {
        let wallet = self.wallet.map(|wallet| wallet.coins.as_slice()).filter(|c| !c.is_empty());
        let algorithm = self.algorithm.and_then(table::coins_of_algorithm);
        let dialect = self.counting_dialect();
        let of_dialect = table::coins_of_dialect(dialect);
        let (from, reason): (Vec<_>, _) = match (wallet, algorithm, of_dialect) {
            (Some(coins), ..) => (coins.to_vec(), "wallet"),
            (None, Some(coins), _) => (coins.iter().collect(), "algorithm"),
            // A guess at a dialect of several coins tells nothing.
            (None, None, Some(coins)) if self.dialect_proven || !coins.usual.is_empty() => {
                (coins.iter().collect(), "dialect")
            }
            (None, None, _) => return None,
        };
        let allows = |coin: &&str| {
            algorithm.is_none_or(|coins| coins.contains(coin))
                && table::dialect_allows(dialect, coin)
        };
        Some((from.into_iter().filter(allows).collect(), reason))
    }

    /// The dialect, unless it is only a guess beside an address.
    fn counting_dialect(&self) -> Dialect {
        if self.dialect_proven || self.wallet.is_none() { self.dialect } else { Dialect::Unknown }
    }

    /// The coins that the strongest evidence usually means. An address that cannot be read may be
    /// any coin's, and renamed calls are those of a fork that the table does not know.
    fn usual(&self) -> Vec<&'static str> {
        if self.unread_address || self.dialect == Dialect::WorkCalls {
            return Vec::new();
        }
        let algorithm = self.algorithm.and_then(table::coins_of_algorithm);
        let dialect = || table::coins_of_dialect(self.dialect);
        let of = |coins: Option<AllowedCoins>| coins.map(|coins| coins.usual.to_vec());
        match self.wallet.map(|wallet| wallet.coins.as_slice()).filter(|c| !c.is_empty()) {
            Some(coins) => self.usual_of_wallet(coins),
            None => of(algorithm).or_else(|| of(dialect())).unwrap_or_default(),
        }
    }

    /// The usual coin of an address: what algorithm and dialect usually mean, else its first,
    /// unless coins of other dialects share the format and are mined as much.
    fn usual_of_wallet(&self, coins: &[&'static str]) -> Vec<&'static str> {
        let algorithm = self.algorithm.and_then(table::coins_of_algorithm);
        // Even a guess at the dialect helps to choose.
        let dialect = table::coins_of_dialect(self.dialect);
        let usual = [algorithm, dialect].into_iter().flatten().flat_map(|allowed| allowed.usual);
        let told = usual.copied().find(|coin| coins.contains(coin));
        let first = coins.first().copied();
        let first = first.filter(|coin| self.dialect_proven || !CONTESTED.contains(coin));
        told.or(first).into_iter().collect()
    }
}

/// Coins whose address formats mean them only together with their dialect: `R…` is also Verus's
/// and Raptoreum's, `M…` also MeowCoin's.
const CONTESTED: &[&str] = &["RVN", "LTC"];

/// The coin of a dialect that no other evidence accompanies.
pub(in crate::protocol) fn coin_of_dialect(dialect: Dialect) -> Option<String> {
    let evidence = CoinEvidence { dialect, dialect_proven: true, ..CoinEvidence::default() };
    evidence.judge().coin().map(str::to_owned)
}

/// The unit of difficulty, if all of `coins` share one.
fn one_unit(coins: &[&str]) -> Option<f64> {
    let unit = |coin: &&str| table::algorithm_of_coin(coin).and_then(table::hashes_of_algorithm);
    let (first, rest) = coins.split_first()?;
    let shared = unit(first)?;
    rest.iter().all(|coin| unit(coin) == Some(shared)).then_some(shared)
}

#[cfg(test)]
mod tests;
