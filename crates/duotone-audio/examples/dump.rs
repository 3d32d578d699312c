//! Decodes files and writes what comes out, for `scripts/compare_decoding.py`: reads paths from
//! standard input and writes `N.samples` (mono, at the file's rate) and `N.mel` (band-major, at
//! 22,050 Hz) of 32-bit floats to a folder, N counted from 0. A line for each on standard output:
//! the rate and the number of frames, or the reason against it.
//!
//! cargo run --release -p duotone-audio --example dump -- FOLDER < LIST

use std::error::Error;
use std::path::Path;

use duotone_audio::{FrontEnd, decode, extract};

const RATE: u32 = 22_050;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("give a folder to write to")?;
    for (number, path) in std::io::stdin().lines().enumerate() {
        let path = path?;
        let write = |ending: &str, values: &[f32]| {
            let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
            std::fs::write(Path::new(&folder).join(format!("{number}.{ending}")), bytes)
        };
        let front_end = FrontEnd::paper(RATE);
        let found = decode(Path::new(&path))
            .and_then(|clip| Ok((clip, extract(Path::new(&path), &front_end)?)));
        match found {
            Ok((clip, extraction)) => {
                write("samples", &clip.samples)?;
                write("mel", extraction.spectrogram.data())?;
                println!("{} {}", clip.rate, extraction.spectrogram.frames());
            }
            Err(reason) => println!("refused: {reason}"),
        }
    }
    Ok(())
}
