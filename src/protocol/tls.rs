use super::parser::*;
use crate::model::chunk::Chunk;
pub fn probe(_: &[u8]) -> Probe {
    Probe::NotForUs
}
#[derive(Default)]
pub struct Handshake;
impl Parser for Handshake {
    fn chunk(&mut self, _: &mut Context<'_>, _: &Chunk<'_>) -> Next {
        Next::Done
    }
}
