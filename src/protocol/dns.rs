use super::parser::*;
use crate::model::chunk::Chunk;
pub fn probe_datagram(_: u16, _: u16, _: &[u8]) -> Probe {
    Probe::NotForUs
}
pub fn probe_stream(_: &[u8]) -> Probe {
    Probe::NotForUs
}
#[derive(Default)]
pub struct Datagrams;
impl Parser for Datagrams {
    fn chunk(&mut self, _: &mut Context<'_>, _: &Chunk<'_>) -> Next {
        Next::Done
    }
}
#[derive(Default)]
pub struct Stream;
impl Parser for Stream {
    fn chunk(&mut self, _: &mut Context<'_>, _: &Chunk<'_>) -> Next {
        Next::Done
    }
}
