//! What the fuzz targets share: bytes become a flow and its chunks, and events are checked.
//!
//! Every parser is driven through [`Inspector`](minewatch::protocol::inspector::Inspector), the way
//! the sensor does it. A target only says how the flow begins.

mod checks;
mod play;
pub mod quic;
mod reader;
pub mod reassembly;

pub use checks::Checks;
pub use play::{Opening, Setting, play};
pub use reader::Reader;
