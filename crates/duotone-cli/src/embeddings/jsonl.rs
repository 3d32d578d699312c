//! JSON Lines: one object per row.

use duotone::embed::EmbeddedFile;
use duotone::io::StagedFile;
use serde_json::{Map, Value};

use super::{Layout, Output, about, put};
use crate::exit::Failure;

pub(super) struct Jsonl {
    file: StagedFile,
    layout: Layout,
}

impl Jsonl {
    pub(super) fn start(file: StagedFile, layout: Layout) -> Self {
        Self { file, layout }
    }
}

impl Output for Jsonl {
    fn add(&mut self, file: &EmbeddedFile) -> Result<(), Failure> {
        for row in &file.rows {
            let mut object = about(file, row, &self.layout)?;
            match &self.layout.tags {
                None => object.insert("embedding".into(), numbers(&row.values)),
                Some(tags) => {
                    let mut values = Map::new();
                    for (tag, &value) in tags.iter().zip(&row.values) {
                        values.insert(tag.clone(), number(value));
                    }
                    object.insert("tags".into(), Value::Object(values))
                }
            };
            put(&mut self.file, format!("{}\n", Value::Object(object)).as_bytes())?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        Ok(self.file.finish()?)
    }
}

fn numbers(values: &[f32]) -> Value {
    values.iter().map(|&x| number(x)).collect()
}

/// The number with the fewest digits that is this one as a 32-bit float.
fn number(x: f32) -> Value {
    x.to_string().parse::<f64>().unwrap_or_default().into()
}
