use super::parser::*;
use super::stratum::Conversation;
use crate::model::chunk::Chunk;
pub struct WebSocket;
impl WebSocket {
    pub fn new(_: super::http::Socket, _: Conversation) -> Self {
        WebSocket
    }
    pub fn chunk(&mut self, _: &mut Context<'_>, _: &Chunk<'_>) -> Next {
        Next::Done
    }
    pub fn close(&mut self, _: &mut Context<'_>) {}
}
