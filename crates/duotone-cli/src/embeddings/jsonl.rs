//! JSON Lines: one object per row.

use duotone::embed::EmbeddedFile;
use duotone::io::StagedFile;
use serde::{Serialize, Serializer};

use super::{About, Layout, Output, json, put};
use crate::exit::Failure;

pub(super) struct Jsonl {
    file: StagedFile,
    layout: Layout,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    about: About<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<&'a [f32]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Tags<'a>>,
}

/// Tags and their probabilities, as an object.
struct Tags<'a> {
    names: &'a [String],
    values: &'a [f32],
}

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(self.values))
    }
}

impl Jsonl {
    pub(super) fn start(file: StagedFile, layout: Layout) -> Self {
        Self { file, layout }
    }
}

impl Output for Jsonl {
    fn add(&mut self, file: &EmbeddedFile) -> Result<(), Failure> {
        for row in &file.rows {
            let about = About::new(file, row, &self.layout);
            let values = &row.values[..];
            let row = match &self.layout.tags {
                None => Row { about, embedding: Some(values), tags: None },
                Some(names) => Row { about, embedding: None, tags: Some(Tags { names, values }) },
            };
            put(&mut self.file, format!("{}\n", json(&row)?).as_bytes())?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        Ok(self.file.finish()?)
    }
}
