//! Labelled collections and how they are split for an evaluation.

pub(crate) mod collection;
pub(crate) mod folds_file;
pub(crate) mod split;
pub(crate) mod stratify;

pub use collection::{AudioFiles, Collection, CollectionOptions, Item, Row, audio_files};
pub use split::{Balance, Column, FoldClips, Folds};
pub use stratify::{digest as folds_digest, fold_counts, folds, hold_out};
