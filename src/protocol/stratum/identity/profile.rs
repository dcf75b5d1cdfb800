//! Collects who mines which coin, and for whom, from logins, jobs and HTTP requests.

use std::borrow::Cow;

use crate::model::event::HttpRequest;
use crate::model::event::mining::{Dialect, MiningSession, Wallet, WalletState};

use super::super::act::Login;
use super::evidence::{self, CoinEvidence};
use super::{agent, login};
use crate::model::text::printable_bounded;

/// Most algorithms kept from the list in a login; XMRig offers 29.
const MAX_ALGORITHMS: usize = 64;

/// What is known of the miner in addition to the session's state.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// The dialect is proven, not only guessed.
    dialect_proven: bool,
    /// Currency for payouts that the miner named. Pools that ask for it accept any work, so it
    /// does not show the algorithm.
    named_coin: Option<String>,
    /// The pool lets the miner roll bits of the block's version.
    pub version_rolling: bool,
}

impl Profile {
    /// Records a login. Returns whether it proves that the sender is a miner.
    pub(crate) fn login(&mut self, state: &mut MiningSession, login: &Login<'_>) -> bool {
        let user = login.user.as_deref().unwrap_or_default();
        let password = login.password.as_deref().unwrap_or_default();
        let identity = login::identify(user, password);
        let known_agent = login.agent.as_deref().is_some_and(agent::is_miner);
        let known_algorithm = login.algorithms.iter().any(|name| evidence::is_algorithm(name));
        let certain = login.certain || known_agent || known_algorithm || identity.is_proof();
        learn_agent(state, login.agent.as_deref());
        if !user.is_empty() {
            state.login = Some(printable_bounded(user));
        }
        replace(&mut state.rig_id, login.rig_id.as_deref());
        let worker = login.worker.as_deref().or(login.rig_id.as_deref());
        replace(&mut state.worker, worker.or(identity.worker.as_deref()));
        // In donation rounds the user name is the hash of the user's wallet. With Iron Fish it is
        // an address.
        state.donation = login.donation || (identity.is_hash && !login.certain);
        if login.likely == Dialect::IronFish && identity.is_hash {
            let address = user.to_owned();
            state.wallet = Some(Wallet { address, coins: vec!["IRON"], ..Wallet::default() });
        } else if let Some(wallet) = identity.wallet.filter(|_| !state.donation) {
            state.wallet = Some(wallet);
        }
        state.wallet_state = wallet_state(state, login.likely);
        self.named_coin = identity.coin.or(self.named_coin.take());
        if !login.algorithms.is_empty() {
            let names = login.algorithms.iter().take(MAX_ALGORITHMS);
            state.algorithms = names.map(|name| printable_bounded(name)).collect();
        }
        if let ([algorithm], None) = (state.algorithms.as_slice(), &state.algorithm) {
            state.algorithm = Some(algorithm.clone());
        }
        self.guess(state, login.likely);
        self.guess_from_wallet(state);
        certain
    }

    /// Records a user name seen outside a login, unless one is known. Known values stay.
    pub(crate) fn user(&mut self, state: &mut MiningSession, user: &str) {
        if state.login.is_some() || user.is_empty() {
            return;
        }
        let identity = login::identify(user, "");
        state.login = Some(printable_bounded(user));
        state.wallet = state.wallet.take().or(identity.wallet);
        state.wallet_state = wallet_state(state, state.dialect);
        state.worker = state.worker.take().or(identity.worker.as_deref().map(printable_bounded));
    }

    /// Records the HTTP request around the messages. Known values stay.
    pub(crate) fn http(&mut self, state: &mut MiningSession, request: &HttpRequest) {
        if state.agent.is_none() {
            learn_agent(state, request.user_agent.as_deref());
        }
        self.http_target(state, &request.target);
        self.user(state, request.user.as_deref().unwrap_or_default());
    }

    /// Records a wallet in the target of an HTTP request, and the worker after it.
    pub(crate) fn http_target(&mut self, state: &mut MiningSession, target: &str) {
        let identity = login::identify(target, "");
        if let (None, Some(wallet)) = (&state.wallet, identity.wallet) {
            state.wallet = Some(wallet);
            state.wallet_state = Some(WalletState::Known);
            state.worker =
                state.worker.take().or(identity.worker.as_deref().map(printable_bounded));
        }
    }

    /// Records that the messages certainly follow `dialect`.
    pub(crate) fn prove(&mut self, state: &mut MiningSession, dialect: Dialect) {
        state.dialect = dialect;
        self.dialect_proven = true;
    }

    /// Records a guess at the dialect, unless one is proven. [`Dialect::Bitcoin`] replaces no other
    /// guess.
    pub(crate) fn guess(&mut self, state: &mut MiningSession, likely: Dialect) {
        let better = likely != Dialect::Unknown
            && (state.dialect == Dialect::Unknown || likely != Dialect::Bitcoin);
        if better && !self.dialect_proven {
            state.dialect = likely;
        }
    }

    /// Guesses the dialect from the wallet, which shows more than a bare `mining.subscribe`.
    fn guess_from_wallet(&mut self, state: &mut MiningSession) {
        let guessed = [Dialect::Unknown, Dialect::Bitcoin, Dialect::EthStratum1];
        if !guessed.contains(&state.dialect) {
            return;
        }
        let coin = state.wallet.as_ref().and_then(|wallet| wallet.coins.first().copied());
        let likely = match coin {
            Some("ZEC") => Dialect::Equihash,
            Some("KAS") => Dialect::Kaspa,
            Some("ERG") => Dialect::Ergo,
            Some("CFX") => Dialect::Conflux,
            Some("ETC") => Dialect::EthStratum1,
            Some("XEL") => Dialect::Xelis,
            Some("KDA") => Dialect::Kadena,
            Some("CKB") => Dialect::Ckb,
            Some("PRL") => Dialect::Pearl,
            Some("TON") => Dialect::Ton,
            Some("HNS") => Dialect::Handshake,
            _ => Dialect::Bitcoin,
        };
        self.guess(state, likely);
    }

    /// Tells the coin as far as all evidence agrees on it.
    pub(crate) fn tell_coin(&self, state: &mut MiningSession) {
        let verdict = self.evidence(state).judge();
        let coin = verdict.coin().map(printable_bounded);
        let changed = coin != state.coin || verdict.candidates != state.coins;
        state.coin_reason = verdict.reason;
        if changed {
            state.coin = coin;
            state.coins = verdict.candidates.iter().map(|coin| printable_bounded(coin)).collect();
        }
    }

    /// Expected hashes of a share of difficulty 1, if all evidence agrees on them.
    pub(crate) fn hashes_per_difficulty(&self, state: &MiningSession) -> Option<f64> {
        self.evidence(state).hashes_per_difficulty()
    }

    fn evidence<'a>(&'a self, state: &'a MiningSession) -> CoinEvidence<'a> {
        CoinEvidence {
            named: self.named_coin.as_deref(),
            wallet: state.wallet.as_ref(),
            unread_address: state.wallet_state == Some(WalletState::UnknownFormat)
                || state.wallet.as_ref().is_some_and(|wallet| wallet.coins.is_empty()),
            algorithm: state.algorithm.as_deref(),
            dialect: state.dialect,
            dialect_proven: self.dialect_proven,
            version_rolling: self.version_rolling,
        }
    }
}

/// What the login of `state` tells about the wallet; `None` without a login, and in donation
/// rounds.
fn wallet_state(state: &MiningSession, dialect: Dialect) -> Option<WalletState> {
    let login = state.login.as_deref().filter(|_| !state.donation);
    match (&state.wallet, login) {
        (Some(_), _) => Some(WalletState::Known),
        // Site keys of web pages are as long and as random as addresses.
        (None, Some(login)) if dialect != Dialect::Browser && login::has_address(login) => {
            Some(WalletState::UnknownFormat)
        }
        (None, login) => login.map(|_| WalletState::Hidden),
    }
}

pub(crate) fn learn_agent(state: &mut MiningSession, agent: Option<&str>) {
    replace(&mut state.agent, agent.filter(|agent| !agent.trim().is_empty()));
}

pub(crate) fn learn_algorithm(state: &mut MiningSession, algorithm: Option<&Cow<'_, str>>) {
    // Usually equal in every job, so compare before copying.
    if let Some(algorithm) = algorithm
        && state.algorithm.as_deref() != Some(algorithm)
    {
        state.algorithm = Some(printable_bounded(algorithm));
    }
}

/// Replaces `known` with printable `text`, if there is one.
fn replace(known: &mut Option<String>, text: Option<&str>) {
    if let Some(text) = text {
        *known = Some(printable_bounded(text));
    }
}
