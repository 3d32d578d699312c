//! NumPy's format for one array, and a JSON file that says what its rows and columns are.

use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

use duotone::Error;
use duotone::embed::EmbeddedFile;
use duotone::io::{StagedFile, with_suffix};

use super::{About, Layout, Output, json, put};
use crate::exit::Failure;

/// What the JSON file starts with.
pub(super) const SIDE_START: &str = "{\"columns\":";
/// Bytes before the values, which start at a multiple of 64 as NumPy recommends.
const HEADER: usize = 128;

/// The JSON file of an array.
pub(super) fn side_file(path: &Path) -> PathBuf {
    with_suffix(path, ".json")
}

pub(super) struct Npy {
    file: StagedFile,
    side: StagedFile,
    layout: Layout,
    rows: usize,
}

impl Npy {
    pub(super) fn start(mut file: StagedFile, layout: Layout) -> Result<Self, Failure> {
        let mut side = StagedFile::create(&side_file(file.target()))?;
        // The number of rows is not known yet.
        put(&mut file, &header(0, layout.width))?;
        let start = format!("{SIDE_START}{},\"rows\":[", json(&layout.tags)?);
        put(&mut side, start.as_bytes())?;
        Ok(Self { file, side, layout, rows: 0 })
    }
}

impl Output for Npy {
    fn add(&mut self, file: &EmbeddedFile) -> Result<(), Failure> {
        for row in &file.rows {
            let comma = if self.rows == 0 { "" } else { "," };
            let object = json(&About::new(file, row, &self.layout))?;
            put(&mut self.side, format!("{comma}\n{object}").as_bytes())?;
            let values: Vec<u8> = row.values.iter().flat_map(|x| x.to_le_bytes()).collect();
            put(&mut self.file, &values)?;
            self.rows += 1;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        put(&mut self.side, b"\n]}\n")?;
        let start = self.file.seek(SeekFrom::Start(0));
        start.map_err(Error::io(self.file.target()))?;
        put(&mut self.file, &header(self.rows, self.layout.width))?;
        self.side.finish()?;
        Ok(self.file.finish()?)
    }
}

/// The header of a matrix: magic bytes, version 1.0, its length, a Python dictionary.
fn header(rows: usize, columns: usize) -> Vec<u8> {
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((HEADER as u16 - 10).to_le_bytes());
    let shape = format!("({rows}, {columns})");
    header
        .extend(format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}").bytes());
    header.resize(HEADER - 1, b' ');
    header.push(b'\n');
    header
}
