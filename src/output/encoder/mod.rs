//! Formats: an encoder turns a typed record into the bytes of one frame.

pub mod eve;
mod fit;
mod json;
pub mod native;
#[cfg(test)]
pub(super) mod sample;

pub use fit::MAX_LINE;
pub(super) use json::{line as json_line, name as json_name};

use crate::config::OutputFormat;
use crate::model::record::Outgoing;

/// Encodes records as frames of one format.
///
/// Equal records give equal bytes. A frame has no terminator: the sink adds one. An encoder keeps
/// to the limit of its format for the length of a frame, and names in the frame what was cut for
/// that.
pub trait Encoder: Send {
    /// Appends the frame of `record` to `frame`. Returns whether this format has one.
    ///
    /// # Errors
    /// When the record cannot be encoded; `frame` may then hold a part of it.
    fn encode(&mut self, record: &Outgoing, frame: &mut Vec<u8>) -> Result<bool, EncodeError>;
}

/// Why a record cannot be encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The JSON serializer failed.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// The encoder of each format.
pub fn encoder(format: OutputFormat) -> Box<dyn Encoder> {
    match format {
        OutputFormat::Eve => Box::new(eve::EveEncoder),
        OutputFormat::Native => Box::new(native::NativeEncoder),
    }
}
