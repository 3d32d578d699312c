//! Apache Parquet: columns for the path, the notes and the values.

use std::sync::Arc;

use duotone::embed::EmbeddedFile;
use duotone::io::StagedFile;
use duotone::path_text;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::{Layout, Output};
use crate::exit::Failure;

/// Values in a row group, which is held in memory: 16 MB.
const GROUP_VALUES: usize = 1 << 22;

pub(super) struct Parquet {
    writer: SerializedFileWriter<StagedFile>,
    layout: Layout,
    group: Group,
}

/// The columns of the rows that are not yet written.
#[derive(Default)]
struct Group {
    paths: Vec<ByteArray>,
    starts: Vec<f64>,
    ends: Vec<f64>,
    silent: Vec<bool>,
    repeated: Vec<bool>,
    decode_errors: Vec<ByteArray>,
    warnings: Vec<ByteArray>,
    /// (row, value)
    values: Vec<f32>,
}

impl Parquet {
    pub(super) fn start(file: StagedFile, layout: Layout) -> Result<Self, Failure> {
        let schema = Arc::new(schema(&layout).map_err(failed)?);
        let properties = Arc::new(WriterProperties::builder().set_created_by(created_by()).build());
        let writer = SerializedFileWriter::new(file, schema, properties).map_err(failed)?;
        Ok(Self { writer, layout, group: Group::default() })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let group = std::mem::take(&mut self.group);
        if group.paths.is_empty() {
            return Ok(());
        }
        let rows = group.paths.len();
        let mut out = self.writer.next_row_group()?;
        column::<ByteArrayType>(&mut out, &group.paths)?;
        if self.layout.segments {
            column::<DoubleType>(&mut out, &group.starts)?;
            column::<DoubleType>(&mut out, &group.ends)?;
        }
        column::<BoolType>(&mut out, &group.silent)?;
        column::<BoolType>(&mut out, &group.repeated)?;
        column::<ByteArrayType>(&mut out, &group.decode_errors)?;
        column::<ByteArrayType>(&mut out, &group.warnings)?;
        let width = self.layout.width;
        if self.layout.tags.is_some() {
            for tag in 0..width {
                let values: Vec<f32> =
                    group.values.iter().skip(tag).step_by(width).copied().collect();
                column::<FloatType>(&mut out, &values)?;
            }
        } else if let Some(mut lists) = out.next_column()? {
            // A list's first value begins a row, and the others continue it.
            let levels = vec![1; group.values.len()];
            let mut repeats = levels.clone();
            (0..rows).for_each(|row| repeats[row * width] = 0);
            lists.typed::<FloatType>().write_batch(&group.values, Some(&levels), Some(&repeats))?;
            lists.close()?;
        }
        out.close()?;
        Ok(())
    }
}

/// Writes a column without missing values.
fn column<T: DataType>(
    out: &mut SerializedRowGroupWriter<'_, StagedFile>,
    values: &[T::T],
) -> Result<(), ParquetError> {
    if let Some(mut column) = out.next_column()? {
        column.typed::<T>().write_batch(values, None, None)?;
        column.close()?;
    }
    Ok(())
}

impl Output for Parquet {
    fn add(&mut self, file: &EmbeddedFile) -> Result<(), Failure> {
        let [_, _, decode_errors, warnings] = file.notes.cells();
        for row in &file.rows {
            let group = &mut self.group;
            group.paths.push(path_text(&file.path).as_bytes().to_vec().into());
            group.starts.push(row.start_seconds);
            group.ends.push(row.end_seconds);
            group.silent.push(file.notes.silent);
            group.repeated.push(file.notes.repeated);
            group.decode_errors.push(decode_errors.as_str().into());
            group.warnings.push(warnings.as_str().into());
            group.values.extend(&row.values);
            if group.values.len() >= GROUP_VALUES {
                self.write_group().map_err(failed)?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        self.write_group().map_err(failed)?;
        Ok(self.writer.into_inner().map_err(failed)?.finish()?)
    }
}

fn failed(error: ParquetError) -> Failure {
    Failure::Work(format!("the Parquet file cannot be written: {error}"))
}

fn created_by() -> String {
    format!("duotone {}", env!("CARGO_PKG_VERSION"))
}

fn schema(layout: &Layout) -> Result<Type, ParquetError> {
    let mut fields = vec![text("path")?];
    if layout.segments {
        fields.push(plain("start_seconds", Physical::DOUBLE)?);
        fields.push(plain("end_seconds", Physical::DOUBLE)?);
    }
    fields.push(plain("silent", Physical::BOOLEAN)?);
    fields.push(plain("repeated", Physical::BOOLEAN)?);
    fields.push(text("decode_errors")?);
    fields.push(text("warnings")?);
    match &layout.tags {
        Some(tags) => {
            for tag in tags {
                fields.push(plain(tag, Physical::FLOAT)?);
            }
        }
        None => fields.push(list("embedding")?),
    }
    let fields = fields.into_iter().map(Arc::new).collect();
    Type::group_type_builder("schema").with_fields(fields).build()
}

fn plain(name: &str, physical: Physical) -> Result<Type, ParquetError> {
    let builder = Type::primitive_type_builder(name, physical);
    builder.with_repetition(Repetition::REQUIRED).build()
}

fn text(name: &str) -> Result<Type, ParquetError> {
    Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::String))
        .build()
}

/// A list of numbers, in the three levels that Parquet prescribes.
fn list(name: &str) -> Result<Type, ParquetError> {
    let element = plain("element", Physical::FLOAT)?;
    let repeated = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()?;
    Type::group_type_builder(name)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(repeated)])
        .build()
}
