//! The source of an epoch's segments: spectrograms that stay on the device, or the host, which
//! sends them piece by piece.

use wgpu::Buffer;

use crate::device::Device;
use crate::error::Error;

/// Spectrograms of any number of clips on the device, from which shaders cut segments.
#[derive(Debug)]
pub struct Spectrograms {
    pub(crate) buffer: Buffer,
    /// Index of the first value and number of frames of each clip.
    clips: Vec<(usize, usize)>,
    bands: usize,
}

/// The place of a segment in [`Spectrograms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the clip.
    pub clip: usize,
    /// The segment's first frame.
    pub start: usize,
}

/// All segments that an epoch may use, by number.
pub enum Segments<'a> {
    /// On the device.
    Resident {
        /// The spectrograms from which segments are cut.
        spectrograms: &'a Spectrograms,
        /// The place of each segment.
        places: &'a [Place],
    },
    /// On the host: a function that copies a segment, unscaled, when it is needed, a bounded number
    /// ahead.
    Streamed(&'a dyn Fn(usize, &mut [f32])),
}

impl Spectrograms {
    /// Uploads clips, each with `bands` rows and any number of frames, band-major. Returns `None`
    /// if they do not fit into one buffer of the device.
    ///
    /// # Errors
    /// [`Error::Lost`].
    pub fn upload(device: &Device, bands: usize, clips: &[&[f32]]) -> Result<Option<Self>, Error> {
        let length: usize = clips.iter().map(|clip| clip.len()).sum();
        let most = device.info().limits.buffer_bytes.min(u64::from(u32::MAX) - 3);
        if bands == 0 || 4 * length as u64 > most {
            return Ok(None);
        }
        let buffer = device.buffer("spectrograms", length);
        let mut places = Vec::with_capacity(clips.len());
        let mut first = 0;
        for clip in clips {
            device.queue.write_buffer(&buffer, 4 * first as u64, bytemuck::cast_slice(clip));
            places.push((first, clip.len() / bands));
            first += clip.len();
        }
        // Submitted now, because data waiting to be copied would double the host's memory use.
        device.queue.submit([]);
        device.wait(None)?;
        Ok(Some(Self { buffer, clips: places, bands }))
    }

    /// Returns the index of a segment's first value and the distance between its bands; `None` if a
    /// segment of bands × frames is not entirely within its clip.
    pub(crate) fn find(&self, place: Place, (bands, frames): (usize, usize)) -> Option<(u32, u32)> {
        let &(first, stride) = self.clips.get(place.clip)?;
        let fits = bands == self.bands && place.start.checked_add(frames)? <= stride;
        fits.then_some(((first + place.start) as u32, stride as u32))
    }
}
