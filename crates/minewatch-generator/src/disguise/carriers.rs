//! Envelopes: what each dialect needs anyway, then those that disguises ask for.

use std::net::SocketAddr;

use super::Disguise;
use crate::carrier::{http, noise, proxy, tls, websocket};
use crate::conversation::Conversation;
use crate::dialect::{Dialect, Framing, profile};
use crate::plan::Plan;
use crate::rng::Rng;

/// Wraps `conversation`: innermost the dialect's own framing, outermost the disguise that is named
/// first. Returns when each connection begins and what is said in it.
pub fn wrap(
    mut conversation: Conversation,
    dialect: Dialect,
    plan: &Plan,
    disguises: &[Disguise],
    pool: SocketAddr,
    rng: &mut Rng,
) -> Vec<(u64, Conversation)> {
    match dialect.framing() {
        Framing::Http => http::wrap(&mut conversation, &client(dialect, plan, pool.port())),
        Framing::WebSocket => {
            websocket::wrap(&mut conversation, style(dialect, disguises), rng);
        }
        Framing::Lines if disguises.iter().any(|disguise| disguise.is_websocket()) => {
            websocket::wrap(&mut conversation, style(dialect, disguises), rng);
        }
        Framing::Lines | Framing::Binary => {}
    }
    if dialect == Dialect::StratumV2Noise {
        noise::wrap(&mut conversation, rng);
    }
    let mut connections = if dialect == Dialect::Monerod {
        http::split(conversation)
    } else {
        vec![(0, conversation)]
    };
    for (_, conversation) in &mut connections {
        for disguise in disguises.iter().rev() {
            match disguise {
                Disguise::Tls => tls::wrap(conversation, rng),
                Disguise::Socks4 => proxy::socks4(conversation, pool),
                Disguise::Socks4a => proxy::socks4a(conversation, pool.port()),
                Disguise::Socks5 => proxy::socks5(conversation, pool.port()),
                Disguise::HttpConnect => proxy::connect(conversation, pool.port()),
                Disguise::ProxyV1 => proxy::proxy_v1(conversation, pool),
                Disguise::ProxyV2 => proxy::proxy_v2(conversation, pool),
                _ => {}
            }
        }
    }
    connections
}

fn style(dialect: Dialect, disguises: &[Disguise]) -> websocket::Style {
    let path = match dialect {
        Dialect::Browser => "/proxy",
        Dialect::GetWorkWs => profile::XELIS_PATH,
        Dialect::Ton => "/stratum",
        _ => "/",
    };
    websocket::Style {
        path,
        deflate: disguises.contains(&Disguise::WebSocketDeflate),
        fragments: disguises.contains(&Disguise::WebSocketFragments),
    }
}

fn client(dialect: Dialect, plan: &Plan, port: u16) -> http::Client {
    let Plan { wallet, worker, agent, .. } = plan;
    let user = match dialect {
        Dialect::GetWork => Some((format!("{wallet}.{worker}"), "x".to_owned())),
        Dialect::GetBlockTemplate => Some((wallet.clone(), "x".to_owned())),
        _ => None,
    };
    let path = match dialect {
        Dialect::Monerod => "/json_rpc".to_owned(),
        Dialect::EthGetWork => format!("/{wallet}/{worker}"),
        _ => "/".to_owned(),
    };
    let close = dialect == Dialect::Monerod;
    http::Client { path, agent: agent.clone(), user, close, port }
}
