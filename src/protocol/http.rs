use super::parser::*;
use super::stratum::Conversation;
use crate::model::chunk::Chunk;
pub fn probe(_: &[u8]) -> Probe {
    Probe::NotForUs
}
pub struct Socket;
pub enum Progress {
    More,
    Done,
    Connected { offset: usize, tunnel: crate::model::event::Tunnel },
    Upgraded { offset: usize, socket: Socket },
}
pub struct Connection;
impl Connection {
    pub fn new(_: Conversation) -> Self {
        Connection
    }
    pub fn chunk(&mut self, _: &mut Context<'_>, _: &Chunk<'_>) -> Progress {
        Progress::Done
    }
    pub fn close(&mut self, _: &mut Context<'_>) {}
}
