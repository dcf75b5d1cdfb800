//! Decodes gzip streams of any number of members.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Decodes concatenated gzip members. Zeros behind a member are padding, as on tapes.
pub(super) struct GzipMembers<R> {
    /// `None` after the last member.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> GzipMembers<R> {
    pub(super) fn new(raw: R) -> Self {
        GzipMembers { member: Some(GzDecoder::new(raw)) }
    }
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else { return Ok(0) };
            let read = member.read(buf)?;
            if read > 0 || buf.is_empty() {
                return Ok(read);
            }
            self.member = match self.member.take().map(GzDecoder::into_inner) {
                Some(mut raw) => step_over_zeros(&mut raw)?.then(|| GzDecoder::new(raw)),
                None => None,
            };
        }
    }
}

/// Consumes zeros. Returns whether anything follows them.
fn step_over_zeros(raw: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = raw.fill_buf()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let (read, other) = (bytes.len(), zeros < bytes.len());
        raw.consume(zeros);
        if other || read == 0 {
            return Ok(other);
        }
    }
}
