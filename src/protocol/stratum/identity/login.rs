//! Parses user names and passwords of miners into wallet, worker and coin.

use crate::model::event::mining::{Checksum, Wallet};

use super::super::text::is_hex_of;
use super::wallet;

/// What a user name and its password contain.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct LoginIdentity {
    pub wallet: Option<Wallet>,
    pub worker: Option<String>,
    /// Ticker of the currency for payouts: `c=LTC` in the password, or `DOGE:` before the address.
    pub coin: Option<String>,
    /// The user name is 64 hexadecimal digits. XMRig's donation rounds send the hash of the
    /// wallet in this form; Iron Fish addresses have it too.
    pub is_hash: bool,
}

impl LoginIdentity {
    /// Whether the wallet alone proves that a miner sent this login.
    pub(crate) fn is_proof(&self) -> bool {
        self.wallet.as_ref().is_some_and(|wallet| wallet.checksum == Checksum::Valid)
    }
}

/// Separators in a user name, before a worker, fixed difficulty, mail or second wallet.
const SEPARATORS: &[char] = &['.', '+', '/', '%', '#', '@', ',', ';', '&', '?', '=', '|', ' '];

/// Most parts of a user name that are read. Of a password, twice as many options are read.
const MAX_PARTS: usize = 8;

/// Parses a user name and its password.
///
/// Forms of the user name: `WALLET`, `WALLET.worker`, `WALLET+difficulty`, `WALLET.payment-id`,
/// `WALLET/worker/mail`, `COIN:WALLET.worker#code`, `account.worker`, `WALLET%percent%WALLET`.
/// Forms of the password: `worker`, `worker:mail[:WALLET][~algorithm]`,
/// `c=COIN,d=difficulty,ID=worker`.
pub(crate) fn identify(user: &str, password: &str) -> LoginIdentity {
    let mut identity = LoginIdentity { is_hash: is_hex_of(user, 64), ..LoginIdentity::default() };
    read_user(user.trim(), &mut identity);
    read_password(password.trim(), &mut identity);
    identity
}

/// Whether a part of `user` is as long and as random as an address in a format that is not known.
///
/// Names of accounts, proxies and machines are shorter or have few digits; a UUID is an account's.
pub(crate) fn has_address(user: &str) -> bool {
    user.split(SEPARATORS).take(MAX_PARTS).any(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
        let others = part.bytes().filter(|b| !b.is_ascii_alphanumeric()).count();
        let long = part.len() >= SHORTEST_ADDRESS && digits >= 3 && letters >= 3 && others <= 2;
        // Qubic's identities have 60 letters.
        let capitals = part.len() >= 50 && part.bytes().all(|b| b.is_ascii_uppercase());
        long || capitals
    })
}

/// Shortest address of any coin, in characters: Base58 of 25 bytes that begin with zeros.
pub(crate) const SHORTEST_ADDRESS: usize = 26;

fn read_user(user: &str, identity: &mut LoginIdentity) {
    if let Some(wallet) = wallet::identify(user) {
        identity.wallet = Some(wallet);
        return;
    }
    let mut start = 0;
    let mut before = None;
    for part in user.split(SEPARATORS).take(MAX_PARTS) {
        let separator = before;
        let end = start + part.len();
        before = user.get(end..).and_then(|rest| rest.chars().next());
        start = end + 1;
        if identity.wallet.is_none() {
            if let Some((wallet, coin)) = address(part) {
                identity.wallet = Some(wallet);
                identity.coin = coin;
                continue;
            }
            // `account.worker`: the worker counts only if no wallet follows.
            if separator == Some('.') && identity.worker.is_none() {
                identity.worker = worker(part);
            }
        } else if identity.worker.is_none() && matches!(separator, Some('.' | '/' | '@' | '#')) {
            identity.worker = worker(part);
        }
    }
}

/// Parses a wallet, perhaps after `COIN:`.
fn address(part: &str) -> Option<(Wallet, Option<String>)> {
    const LONGEST_TICKER: usize = 10;
    if let Some(wallet) = wallet::identify(part) {
        return Some((wallet, None));
    }
    let (coin, rest) = part.split_once(':')?;
    let ticker = (1..=LONGEST_TICKER).contains(&coin.len())
        && coin.bytes().all(|b| b.is_ascii_alphanumeric());
    let wallet = wallet::identify(rest)?;
    Some((wallet, ticker.then(|| coin.to_ascii_uppercase())))
}

/// Returns a worker's name, or `None` for a payment id (16 or 64 hexadecimal digits).
fn worker(part: &str) -> Option<String> {
    let payment_id = is_hex_of(part, 64) || is_hex_of(part, 16);
    (!part.is_empty() && !payment_id).then(|| part.to_owned())
}

/// Passwords that mean "no password".
const FILLERS: &[&str] =
    &["x", "z", "123", "1234", "12345", "123456", "pass", "password", "none", "anything"];

fn read_password(password: &str, identity: &mut LoginIdentity) {
    if password.contains('=') {
        for option in password.split([',', ';', '&']).take(2 * MAX_PARTS) {
            let Some((key, value)) = option.split_once('=') else { continue };
            match key.trim().to_ascii_lowercase().as_str() {
                "c" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                    identity.coin = Some(value.to_ascii_uppercase());
                }
                "id" | "w" | "worker" if identity.worker.is_none() => {
                    identity.worker = worker(value)
                }
                _ => {}
            }
        }
        return;
    }
    let names = password.split('~').next().unwrap_or_default();
    let mut parts = names.split(':');
    let first = parts.next().unwrap_or_default();
    // The third part is the payout address; it replaces the one in the user name (MoneroOcean).
    if let Some((wallet, _)) = parts.nth(1).and_then(address) {
        identity.wallet = Some(wallet);
    }
    let filler = first.is_empty()
        || FILLERS.iter().any(|filler| first.eq_ignore_ascii_case(filler))
        || first.bytes().all(|b| b.is_ascii_digit());
    // With an account name it is a real password; with a wallet it names the worker.
    if !filler && identity.wallet.is_some() && identity.worker.is_none() {
        identity.worker = worker(first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const XMR: &str = "472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6VNX3xz37agPrRSd5QErRjajcJvdVUyGfFGVoyrRUT76UTeAxrY2HTdCbVmY5q";
    const ETH: &str = "0xE1C325306ce62691b71DC61656b7Db78a939bdB0";

    fn read(user: &str, password: &str) -> (Option<String>, Option<String>, Option<String>) {
        let identity = identify(user, password);
        (identity.wallet.map(|wallet| wallet.address), identity.worker, identity.coin)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn every_grammar_of_user_names_is_understood() {
        for (user, wallet, worker, coin) in [
            (XMR.to_owned(), some(XMR), None, None),
            (format!("{XMR}.rig-1"), some(XMR), some("rig-1"), None),
            (format!("{XMR}+120000"), some(XMR), None, None),
            (format!("{XMR}.rig+120000"), some(XMR), some("rig"), None),
            (format!("{XMR}.{}", "ab".repeat(32)), some(XMR), None, None),
            (format!("{XMR}%10%{XMR}+500"), some(XMR), None, None),
            (format!("{ETH}/w1/me@example.org"), some(ETH), some("w1"), None),
            (format!("30@{ETH}@Rig"), some(ETH), some("Rig"), None),
            (
                "DOGE:DT6ZUGn3xs5BMSLXiymcvkVxQiiS1D4UxT.w#ab-1".into(),
                some("DT6ZUGn3xs5BMSLXiymcvkVxQiiS1D4UxT"),
                some("w"),
                some("DOGE"),
            ),
            ("account.worker1".into(), None, some("worker1"), None),
            ("x".into(), None, None, None),
            (String::new(), None, None, None),
        ] {
            assert_eq!(read(&user, "x"), (wallet, worker, coin), "{user}");
        }
        let kaspa = "kaspa:qr5n0xxa5l6r4fgthwnsga0futjhfe49ctvl75xc73sscfkke5052yyhyl99u";
        assert_eq!(read(&format!("{kaspa}.rig1"), "x"), (some(kaspa), some("rig1"), None));
    }

    #[test]
    fn passwords_carry_workers_coins_and_wallets() {
        assert_eq!(read(XMR, "build-07"), (some(XMR), some("build-07"), None));
        assert_eq!(read(XMR, "w:me@example.org~rx/0"), (some(XMR), some("w"), None));
        assert_eq!(read("x", &format!("w1:me@example.org:{XMR}")), (some(XMR), some("w1"), None));
        let ltc = "LPwhspPejhksjg8c8NmJmHhmss7aMh7DUT";
        assert_eq!(read(ltc, "c=LTC,mc=DOGE,d=64,ID=rig2"), (some(ltc), some("rig2"), some("LTC")));
        assert_eq!(read("account.worker1", "secret"), (None, some("worker1"), None));
    }

    #[test]
    fn only_a_checksum_makes_a_proof() {
        assert!(identify(XMR, "x").is_proof());
        assert!(!identify("alice", "x").is_proof());
        assert!(!identify(&XMR.replace("472", "473"), "x").is_proof());
        assert!(identify(&"0b".repeat(32), "x").is_hash);
    }

    #[test]
    fn an_address_of_an_unknown_format_is_told_from_an_account() {
        for user in [
            "zz1qx8deyctejzpf8ysf2z555j42hkzra90ulemf4k.rig",
            "VctAprRUirR9aZ415EeH4eFtYkSmJA3yjLeW22nnZ",
            "0xa0d56a327c20c48ee97615b5a58a6fb6c640f54b3735b0cd2aafbe27fb995439",
        ] {
            assert!(has_address(user), "{user}");
        }
        for user in [
            "",
            "kvetak.worker1",
            "user@mail-server-of-the-university.example",
            "RaspberryPiClusterOfTheThirdFloor2",
            "6a1f0c5e-2f0b-4d6e-9b8d-3f1f2b7e5a90",
        ] {
            assert!(!has_address(user), "{user}");
        }
    }

    proptest! {
        #[test]
        fn no_login_panics(user in ".{0,200}", password in ".{0,100}") {
            identify(&user, &password);
        }
    }
}
