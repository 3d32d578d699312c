//! Transposes a segment to frame-major order, so that a register holds neighbouring bands.

use crate::kernel::{AlignedBuf, Isa, Kernel, Vector, View};

/// Writes a segment of `frames` frames in frame-major order, with the bands padded with zeros to whole
/// registers.
pub(in crate::kernel) fn transpose(
    isa: Isa,
    segment: &[f32],
    frames: usize,
    transposed: &mut AlignedBuf,
) {
    let bands = (segment.len() / frames).next_multiple_of(isa.lanes());
    transposed.resize(frames * bands);
    isa.run(Transpose { segment, frames, transposed });
}

struct Transpose<'a> {
    segment: &'a [f32],
    frames: usize,
    transposed: &'a mut [f32],
}

impl Kernel for Transpose<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { segment, frames, transposed } = self;
        let (real, bands) = (segment.len() / frames, transposed.len() / frames);
        // Whole squares of bands and frames, then the rest.
        let (square_bands, square_frames) = (real - real % V::LANES, frames - frames % V::LANES);
        for band in (0..square_bands).step_by(V::LANES) {
            for frame in (0..square_frames).step_by(V::LANES) {
                // SAFETY: the segment holds `LANES` bands and frames from these on.
                let square = unsafe { segment.load_transposed::<V>(band * frames + frame, frames) };
                for (i, &register) in square.as_ref().iter().enumerate() {
                    register.copy_to_slice(&mut transposed[(frame + i) * bands + band..]);
                }
            }
        }
        for (frame, to) in transposed.chunks_exact_mut(bands).enumerate() {
            let done = if frame < square_frames { square_bands } else { 0 };
            for (band, to) in to.iter_mut().enumerate().skip(done) {
                *to = if band < real { segment[band * frames + frame] } else { 0.0 };
            }
        }
    }
}
