//! What wraps a conversation inside its TCP connection.

pub mod http;
pub mod noise;
pub mod proxy;
pub mod tls;
pub mod websocket;

/// The pool as proxies and HTTP servers are asked for it (RFC 2606 reserves the name).
pub const POOL_NAME: &str = "pool.example";
