//! ADPCM in blocks: four bits per sample, with the initial state at the start of each block.

use crate::decode::limits::MAX_CHANNELS;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::decode) enum Kind {
    /// Microsoft's, in WAV.
    Microsoft,
    /// The Interactive Multimedia Association's, as WAV stores it.
    ImaWave,
    /// The same as Apple stores it, in AIFF-C and CAF.
    ImaApple,
}

/// Bytes per channel in a block of Apple's variant: two of state and 64 samples.
const APPLE_BYTES: usize = 34;
const APPLE_FRAMES: usize = 64;

/// A decoder for ADPCM blocks.
pub(in crate::decode) struct Adpcm {
    kind: Kind,
    channels: usize,
    /// Bytes per block, all channels included.
    block_bytes: usize,
    /// The state after the last block of Apple's variant.
    states: [Ima; MAX_CHANNELS],
}

impl Adpcm {
    /// Creates a decoder for blocks of `block_bytes` bytes; `None` if they are too small for a
    /// sample per channel.
    pub(in crate::decode) fn new(kind: Kind, channels: usize, block_bytes: usize) -> Option<Self> {
        let most = if kind == Kind::Microsoft { 2 } else { MAX_CHANNELS };
        if channels == 0 || channels > most {
            return None;
        }
        let block_bytes = if kind == Kind::ImaApple { APPLE_BYTES * channels } else { block_bytes };
        let adpcm = Self { kind, channels, block_bytes, states: Default::default() };
        (adpcm.frames(block_bytes) > 0).then_some(adpcm)
    }

    pub(in crate::decode) fn block_bytes(&self) -> usize {
        self.block_bytes
    }

    /// Returns whether a block can be decoded without the previous ones.
    pub(in crate::decode) fn blocks_stand_alone(&self) -> bool {
        self.kind != Kind::ImaApple
    }

    /// Returns the samples per channel in the first `bytes` bytes of a block.
    pub(in crate::decode) fn frames(&self, bytes: usize) -> usize {
        let n = self.channels;
        match self.kind {
            Kind::Microsoft if bytes >= 7 * n => 2 + (bytes - 7 * n) * 2 / n,
            Kind::ImaWave if bytes >= 4 * n => 1 + (bytes / (4 * n) - 1) * 8,
            Kind::ImaApple if bytes >= APPLE_BYTES * n => APPLE_FRAMES,
            _ => 0,
        }
    }

    /// Appends the interleaved samples of a block, which may be truncated.
    pub(in crate::decode) fn decode(&mut self, block: &[u8], samples: &mut Vec<f32>) {
        let start = samples.len();
        let frames = self.frames(block.len());
        samples.resize(start + frames * self.channels, 0.0);
        let samples = &mut samples[start..];
        if frames == 0 {
            return;
        }
        match self.kind {
            Kind::Microsoft => decode_microsoft(block, self.channels, samples),
            Kind::ImaWave => decode_ima_wave(block, self.channels, samples),
            Kind::ImaApple => decode_ima_apple(block, &mut self.states[..self.channels], samples),
        }
    }
}

fn to_float(linear: i32) -> f32 {
    linear as f32 / 32_768.0
}

fn clamp(linear: i32) -> i32 {
    linear.clamp(i16::MIN.into(), i16::MAX.into())
}

fn word(bytes: &[u8], at: usize) -> i32 {
    i16::from_le_bytes([bytes[at], bytes[at + 1]]).into()
}

/// The state of one channel of Microsoft's ADPCM.
#[derive(Clone, Copy, Default)]
struct Microsoft {
    factors: [i32; 2],
    step: i32,
    /// The last sample and the one before it.
    last: [i32; 2],
}

impl Microsoft {
    fn next(&mut self, code: u8) -> f32 {
        const STEPS: [i32; 16] =
            [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];
        let difference = i32::from((code << 4) as i8 >> 4);
        let predicted = (self.last[0] * self.factors[0] + self.last[1] * self.factors[1]) / 256;
        let linear = clamp(predicted.saturating_add(difference.saturating_mul(self.step)));
        self.last = [linear, self.last[0]];
        self.step = (STEPS[usize::from(code & 15)].saturating_mul(self.step) >> 8).max(16);
        to_float(linear)
    }
}

fn decode_microsoft(block: &[u8], channels: usize, samples: &mut [f32]) {
    const FACTORS: [[i32; 2]; 7] =
        [[256, 0], [512, -256], [0, 0], [192, 64], [240, 0], [460, -208], [392, -232]];
    let mut states = [Microsoft::default(); 2];
    let words = &block[channels..];
    for (c, state) in states[..channels].iter_mut().enumerate() {
        // A predictor outside the table is a sign of damage. The first predictor does the least harm.
        state.factors = *FACTORS.get(usize::from(block[c])).unwrap_or(&FACTORS[0]);
        state.step = word(words, 2 * c);
        state.last = [word(words, 2 * (channels + c)), word(words, 2 * (2 * channels + c))];
        samples[c] = to_float(state.last[1]);
        samples[channels + c] = to_float(state.last[0]);
    }
    let codes = block[7 * channels..].iter().flat_map(|&byte| [byte >> 4, byte & 15]);
    for (i, (sample, code)) in samples[2 * channels..].iter_mut().zip(codes).enumerate() {
        *sample = states[i % channels].next(code);
    }
}

/// The state of one channel of IMA ADPCM.
#[derive(Clone, Copy, Default)]
struct Ima {
    linear: i32,
    /// Index into the table of steps.
    step: usize,
}

impl Ima {
    const LAST_STEP: usize = STEPS.len() - 1;

    /// Returns the current step, and moves the state to the step after a code.
    fn step(&mut self, code: u8) -> i32 {
        const MOVES: [isize; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];
        let step = STEPS[self.step];
        let moved = self.step.saturating_add_signed(MOVES[usize::from(code & 7)]);
        self.step = moved.min(Self::LAST_STEP);
        step
    }

    fn add(&mut self, code: u8, difference: i32) -> f32 {
        let signed = if code & 8 != 0 { -difference } else { difference };
        self.linear = clamp(self.linear + signed);
        to_float(self.linear)
    }

    /// Computed as in WAV's decoders, as a single product.
    fn next_wave(&mut self, code: u8) -> f32 {
        let step = self.step(code);
        self.add(code, ((2 * i32::from(code & 7) + 1) * step) >> 3)
    }

    /// Computed as in Apple's decoder, as a sum of rounded parts.
    fn next_apple(&mut self, code: u8) -> f32 {
        let step = self.step(code);
        let mut difference = step >> 3;
        for (bit, shift) in [(4, 0), (2, 1), (1, 2)] {
            if code & bit != 0 {
                difference += step >> shift;
            }
        }
        self.add(code, difference)
    }
}

fn decode_ima_wave(block: &[u8], channels: usize, samples: &mut [f32]) {
    let mut states = [Ima::default(); MAX_CHANNELS];
    for (c, state) in states[..channels].iter_mut().enumerate() {
        state.linear = word(block, 4 * c);
        state.step = usize::from(block[4 * c + 2]).min(Ima::LAST_STEP);
        samples[c] = to_float(state.linear);
    }
    // Eight samples of each channel in turn.
    let eights = samples[channels..].chunks_exact_mut(8 * channels);
    for (eight, codes) in eights.zip(block[4 * channels..].chunks_exact(4 * channels)) {
        for (c, state) in states[..channels].iter_mut().enumerate() {
            for (i, byte) in codes[4 * c..4 * c + 4].iter().enumerate() {
                eight[2 * i * channels + c] = state.next_wave(byte & 15);
                eight[(2 * i + 1) * channels + c] = state.next_wave(byte >> 4);
            }
        }
    }
}

fn decode_ima_apple(block: &[u8], states: &mut [Ima], samples: &mut [f32]) {
    let channels = states.len();
    for (c, (state, block)) in states.iter_mut().zip(block.chunks_exact(APPLE_BYTES)).enumerate() {
        let head = i16::from_be_bytes([block[0], block[1]]);
        let linear = i32::from(head & !0x7f);
        let step = usize::from(block[1] & 0x7f).min(Ima::LAST_STEP);
        // The head has only the upper nine bits. All sixteen are known from the previous block,
        // unless the head does not match it.
        if step != state.step || (linear - state.linear).abs() > 0x7f {
            *state = Ima { linear, step };
        }
        for (i, byte) in block[2..].iter().enumerate() {
            samples[2 * i * channels + c] = state.next_apple(byte & 15);
            samples[(2 * i + 1) * channels + c] = state.next_apple(byte >> 4);
        }
    }
}

const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66,
    73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449,
    494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272,
    2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493,
    10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
];
