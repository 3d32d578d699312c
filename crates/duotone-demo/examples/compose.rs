//! Composes the music for test fixtures: `compose FOLDER SECONDS ARTISTS PIECES`.
#![forbid(unsafe_code)]

use std::path::Path;

use duotone_demo::{DemoOptions, compose};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, seconds, artists, pieces] = arguments.as_slice() else {
        return Err("usage: compose FOLDER SECONDS ARTISTS PIECES".into());
    };
    let options = DemoOptions {
        seconds: seconds.parse()?,
        artists: artists.parse()?,
        pieces: pieces.parse()?,
        ..DemoOptions::default()
    };
    println!("{}", compose(Path::new(folder), &options, &(), &|_, _| {})?.list.display());
    Ok(())
}
