//! Dialects of CryptoNote and of miners in web pages: named arguments, a blob and a target.

pub(super) mod browser;
pub(super) mod monero;
pub(super) mod nimiq;
pub(super) mod tari;
