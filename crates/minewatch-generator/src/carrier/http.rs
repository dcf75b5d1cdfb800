//! HTTP/1.1 around JSON: each message of the miner is a request, each of the server a response.

use super::POOL_NAME;
use crate::codec::base64;
use crate::conversation::{Conversation, Speaker};

/// How a client asks.
#[derive(Clone, Debug, Default)]
pub struct Client {
    pub path: String,
    pub agent: String,
    /// User and password of Basic authentication.
    pub user: Option<(String, String)>,
    /// Every request has a connection of its own.
    pub close: bool,
    pub port: u16,
}

/// Wraps the messages of `conversation`.
pub fn wrap(conversation: &mut Conversation, client: &Client) {
    let connection = if client.close { "close" } else { "keep-alive" };
    let agent = match client.agent.as_str() {
        "" => String::new(),
        agent => format!("User-Agent: {agent}\r\n"),
    };
    let user = client.user.as_ref().map_or(String::new(), |(user, password)| {
        format!("Authorization: Basic {}\r\n", base64(format!("{user}:{password}").as_bytes()))
    });
    for message in &mut conversation.messages {
        let body = message.bytes.trim_ascii();
        let length = body.len();
        let head = match message.from {
            Speaker::Miner => {
                let host = format!("Host: {POOL_NAME}:{}", client.port);
                let common = format!("{host}\r\n{user}{agent}Connection: {connection}\r\n");
                match body.strip_prefix(b"GET ") {
                    Some(path) => {
                        let path = String::from_utf8_lossy(path);
                        message.bytes = format!("GET {path} HTTP/1.1\r\n{common}\r\n").into_bytes();
                        continue;
                    }
                    None => format!(
                        "POST {} HTTP/1.1\r\n{common}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
                        client.path
                    ),
                }
            }
            Speaker::Pool => format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: {connection}\r\n\r\n"
            ),
        };
        message.bytes = [head.as_bytes(), body].concat();
    }
    let facts = &mut conversation.facts;
    facts.carriers.push("http");
    facts.agent_in_requests = true;
}

/// The requests of `conversation` with their responses, each on its own; with when it begins.
pub fn split(conversation: Conversation) -> Vec<(u64, Conversation)> {
    let Conversation { messages, facts } = conversation;
    let mut parts: Vec<(u64, Conversation)> = Vec::new();
    for mut message in messages {
        if message.from == Speaker::Miner || parts.is_empty() {
            parts.push((message.at, Conversation { messages: Vec::new(), facts: facts.clone() }));
        }
        if let Some((start, part)) = parts.last_mut() {
            message.at -= *start;
            part.messages.push(message);
        }
    }
    parts
}
