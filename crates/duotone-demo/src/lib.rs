//! Composes a small labelled collection of music: four styles with several artists each.
//!
//! The styles share tempi, instruments and loudness, and every artist's pieces share a sound, so a fair
//! test uses artists that are not in the training set.
#![forbid(unsafe_code)]

mod artist;
mod drums;
mod effects;
mod harmony;
mod instruments;
mod mixer;
mod names;
mod rng;
mod styles;
mod tone;

use std::{
    io::Cursor,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use rayon::prelude::*;

use duotone::io::{refuse_other_kind, write_file};
use duotone::{Error, Observer};

use artist::Artist;
use harmony::Key;
use mixer::Mixer;
use rng::Rng;
use styles::Style;

/// Sample rate of every piece in hertz.
const RATE: u32 = 22_050;
/// The first line of the demo's list.
const HEADER: &str = "path,style,artist,title\n";
/// Artists of each style who are not in the collection, and of whom there is one new piece each.
const NEW_ARTISTS: usize = 2;

/// What to compose.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoOptions {
    /// The same seed gives the same files, byte for byte.
    pub seed: u64,
    /// Artists of each style, 1 to 100.
    pub artists: usize,
    /// Pieces by each artist, 1 to 100.
    pub pieces: usize,
    /// Length of a piece, 1 to 600.
    pub seconds: f64,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self { seed: 0, artists: 8, pieces: 2, seconds: 10.0 }
    }
}

/// Where the composed files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoCollection {
    /// The collection's list, with the columns `path`, `style`, `artist` and `title`.
    pub list: PathBuf,
    /// Pieces by artists who are not in the collection, and the style each is in.
    pub new_pieces: Vec<(PathBuf, String)>,
    /// Pieces in the collection.
    pub pieces: usize,
}

/// Composes a collection and writes it to a folder: `tracks.csv`, `collection/STYLE/*.wav` and
/// `new/*.wav`, mono, 16 bits, 22.05 kHz. Files of these names are replaced.
///
/// `composed` is called after each piece, from any thread, with the pieces done so far and all there
/// are; the observer is only asked whether to stop.
///
/// # Errors
/// [`Error::Setting`] for options out of their ranges, [`Error::Io`] for what cannot be written,
/// [`Error::Interrupted`] when the observer asks to stop.
pub fn compose(
    dir: &Path,
    options: &DemoOptions,
    observer: &dyn Observer,
    composed: &(dyn Fn(usize, usize) + Sync),
) -> Result<DemoCollection, Error> {
    check(options)?;
    let list = dir.join("tracks.csv");
    refuse_other_kind(&list, "list of the demo's", |start| start.starts_with(HEADER.as_bytes()))?;
    let pieces = plan(options);
    for style in Style::ALL {
        let folder = dir.join("collection").join(style.name());
        std::fs::create_dir_all(&folder).map_err(Error::io(folder))?;
    }
    let folder = dir.join("new");
    std::fs::create_dir_all(&folder).map_err(Error::io(folder))?;

    let done = AtomicUsize::new(0);
    let titles = pieces
        .par_iter()
        .map(|piece| {
            if observer.stop() {
                return Err(Error::Interrupted);
            }
            let (mixer, key) = piece.record(options);
            let path = dir.join(&piece.path);
            write_file(&path, &wav(&path, &mixer)?)?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            composed(done, pieces.len());
            Ok(format!("No. {} in {}", piece.number, key.name()))
        })
        .collect::<Result<Vec<_>, _>>()?;

    let mut csv = HEADER.to_owned();
    for (piece, title) in pieces.iter().zip(titles).filter(|(piece, _)| !piece.new) {
        let (style, artist) = (piece.style.name(), names::name(piece.artist));
        csv += &format!("{},{style},{artist},{title}\n", piece.path);
    }
    write_file(&list, csv.as_bytes())?;
    let (new, known): (Vec<_>, Vec<_>) = pieces.iter().partition(|piece| piece.new);
    let new_pieces = new.iter().map(|p| (dir.join(&p.path), p.style.name().to_owned())).collect();
    Ok(DemoCollection { list, new_pieces, pieces: known.len() })
}

fn check(options: &DemoOptions) -> Result<(), Error> {
    let DemoOptions { artists, pieces, seconds, .. } = *options;
    for (name, count) in [("artists", artists), ("pieces", pieces)] {
        if !(1..=100).contains(&count) {
            let reason = format!("{artists} artists with {pieces} pieces each; 1 to 100 of both");
            return Err(Error::Setting { name, reason });
        }
    }
    if !(1.0..=600.0).contains(&seconds) {
        let reason = format!("pieces of {seconds} seconds; 1 to 600");
        return Err(Error::Setting { name: "seconds", reason });
    }
    Ok(())
}

/// One piece to compose.
struct Piece {
    style: Style,
    /// Number of the artist over all styles.
    artist: usize,
    /// Number of the piece among the artist's, from 1.
    number: usize,
    new: bool,
    /// Path within the demo's folder, with `/` between.
    path: String,
}

fn plan(options: &DemoOptions) -> Vec<Piece> {
    let mut plan = Vec::new();
    for (s, style) in Style::ALL.into_iter().enumerate() {
        for a in 0..options.artists + NEW_ARTISTS {
            let new = a >= options.artists;
            let artist = a * Style::ALL.len() + s;
            let file = names::name(artist).to_lowercase().replace(' ', "-");
            for number in 1..=if new { 1 } else { options.pieces } {
                let path = match new {
                    true => format!("new/{file}.wav"),
                    false => format!("collection/{}/{file}-{number}.wav", style.name()),
                };
                plan.push(Piece { style, artist, number, new, path });
            }
        }
    }
    plan
}

impl Piece {
    /// Every artist and every piece throws rng of its own, so that none depends on how many
    /// others there are.
    fn record(&self, options: &DemoOptions) -> (Mixer, Key) {
        let artist_stream = (self.artist as u64) << 32;
        let artist = Artist::new(&mut Rng::new(options.seed, artist_stream));
        let mut rng = Rng::new(options.seed, artist_stream + self.number as u64);
        let mut mixer = Mixer::new(options.seconds);
        let key = Key::new(self.style.minor(), &mut rng);
        self.style.play(&artist, key, &mut rng, &mut mixer);
        artist.effects.master(&mut mixer, &mut rng);
        (mixer, key)
    }
}

/// The bytes of a mono 16-bit WAV file.
fn wav(path: &Path, mixer: &Mixer) -> Result<Vec<u8>, Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let encode = |bytes: &mut Cursor<Vec<u8>>| {
        let mut writer = hound::WavWriter::new(bytes, spec)?;
        for x in &mixer.samples {
            writer.write_sample((x * 32_767.0).round() as i16)?;
        }
        writer.finalize()
    };
    encode(&mut bytes).map_err(|e| Error::File { path: path.to_owned(), reason: e.to_string() })?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests;
