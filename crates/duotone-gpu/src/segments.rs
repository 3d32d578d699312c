//! Where an epoch's segments come from: spectrograms that stay on the device, or the host, piece
//! by piece.

use wgpu::Buffer;

use crate::device::Device;
use crate::error::Error;

/// Spectrograms of any number of clips on the device, from which shaders cut segments.
#[derive(Debug)]
pub struct Spectrograms {
    pub(crate) buffer: Buffer,
    /// Of each clip: index of its first number, and its frames.
    clips: Vec<(usize, usize)>,
    bands: usize,
}

/// Where a segment lies in [`Spectrograms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The clip's number.
    pub clip: usize,
    /// The segment's first frame.
    pub start: usize,
}

/// All segments that an epoch may use, by number.
pub enum Segments<'a> {
    /// On the device.
    Resident {
        /// What they are cut from.
        spectrograms: &'a Spectrograms,
        /// Where each lies.
        places: &'a [Place],
    },
    /// On the host: copied when needed, a bounded number ahead, as the front end gave them.
    Streamed(&'a dyn Fn(usize, &mut [f32])),
}

impl Spectrograms {
    /// Uploads clips, each `bands` rows of its own number of frames, band-major. `None` where they
    /// are more than one buffer of the device holds.
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
        // Now, or what waits to be copied would double the host's memory.
        device.queue.submit([]);
        device.wait(None)?;
        Ok(Some(Self { buffer, clips: places, bands }))
    }

    /// Index of a segment's first number and the distance of its bands; `None` where a segment of
    /// bands × frames is not all within its clip.
    pub(crate) fn find(&self, place: Place, (bands, frames): (usize, usize)) -> Option<(u32, u32)> {
        let &(first, stride) = self.clips.get(place.clip)?;
        let fits = bands == self.bands && place.start.checked_add(frames)? <= stride;
        fits.then_some(((first + place.start) as u32, stride as u32))
    }
}
