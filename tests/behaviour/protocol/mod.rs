//! The protocols that carry mining or lead to it.

mod certificates;
mod dns;
mod http;
mod proxies;
mod websocket;

use crate::support::trial::{Trial, all};

pub fn trials() -> Vec<Trial> {
    all([
        certificates::trials(),
        dns::trials(),
        http::trials(),
        proxies::trials(),
        websocket::trials(),
    ])
}
