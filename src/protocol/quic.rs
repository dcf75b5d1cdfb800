use super::parser::*;
use crate::model::chunk::Chunk;
pub fn probe_datagram(_: &[u8]) -> Probe {
    Probe::NotForUs
}
#[derive(Default)]
pub struct Connection;
impl Parser for Connection {
    fn chunk(&mut self, _: &mut Context<'_>, _: &Chunk<'_>) -> Next {
        Next::Done
    }
}
