//! Embeddings of recordings: what a network computes before its last layer, and the tags of published networks.
//!
//! ```no_run
//! use duotone::embed::{EmbedOptions, Embedder};
//!
//! # fn main() -> Result<(), duotone::Error> {
//! let embedder = Embedder::open("musicnn-msd", &EmbedOptions::default())?;
//! let file = embedder.embed_file("song.mp3")?;
//! println!("{} values", file.rows[0].values.len());
//! # Ok(())
//! # }
//! ```

mod embedder;
mod source;

pub use embedder::{EmbedOptions, EmbeddedFile, EmbeddedRow, Embedder};
