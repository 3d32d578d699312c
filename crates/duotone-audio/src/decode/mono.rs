use symphonia::core::audio::conv::IntoSample;
use symphonia::core::audio::sample::Sample;
use symphonia::core::audio::{Audio, AudioBuffer, GenericAudioBufferRef};

/// Power of the mix relative to its channels below which they count as cancelled: -30 dB.
const CANCELLED: f64 = 1e-3;
/// Mean power per sample below which channels count as silent: -80 dB of full scale.
const SILENT: f64 = 1e-8;

/// The mean of a recording's channels, or one of them, block by block.
#[derive(Default)]
pub(super) struct Mono {
    /// The channel to take, where a packet has it; `None` for the mean of all.
    channel: Option<usize>,
    /// The samples of the current block.
    pub(super) samples: Vec<f32>,
    /// Frames counted in the sums below, which cover the whole recording if it has several
    /// channels.
    frames: u64,
    /// Sum of squares of the channels, averaged over the channels.
    channel_power: f64,
    /// Sum of squares of the mix.
    mix_power: f64,
}

impl Mono {
    /// Creates a mix of all channels, or takes one of them.
    pub(super) fn of(channel: Option<usize>) -> Self {
        Self { channel, ..Self::default() }
    }

    /// Drops everything appended so far.
    pub(super) fn clear(&mut self) {
        *self = Self::of(self.channel);
    }

    /// Appends the mean of a decoded packet's channels.
    pub(super) fn append_packet(&mut self, packet: &GenericAudioBufferRef<'_>) {
        match packet {
            GenericAudioBufferRef::U8(b) => self.append_buffer(b),
            GenericAudioBufferRef::U16(b) => self.append_buffer(b),
            GenericAudioBufferRef::U24(b) => self.append_buffer(b),
            GenericAudioBufferRef::U32(b) => self.append_buffer(b),
            GenericAudioBufferRef::S8(b) => self.append_buffer(b),
            GenericAudioBufferRef::S16(b) => self.append_buffer(b),
            GenericAudioBufferRef::S24(b) => self.append_buffer(b),
            GenericAudioBufferRef::S32(b) => self.append_buffer(b),
            GenericAudioBufferRef::F32(b) => self.append_buffer(b),
            GenericAudioBufferRef::F64(b) => self.append_buffer(b),
        }
    }

    /// Appends the mean of interleaved channels; an incomplete last frame is dropped.
    pub(super) fn append_interleaved(&mut self, samples: &[f32], channels: usize) {
        let start = self.samples.len();
        let scale = 1.0 / channels.max(1) as f32;
        if let Some(channel) = self.channel.filter(|&channel| channel < channels) {
            self.samples.extend(samples.chunks_exact(channels).map(|frame| frame[channel]));
            return;
        }
        match channels {
            0 => return,
            1 => self.samples.extend_from_slice(samples),
            2 => {
                let frames = samples.as_chunks::<2>().0;
                self.samples.extend(frames.iter().map(|[left, right]| (left + right) * scale));
            }
            _ => {
                let frames = samples.chunks_exact(channels);
                self.samples.extend(frames.map(|frame| frame.iter().sum::<f32>() * scale));
            }
        }
        if channels > 1 {
            self.add_power(start, power(samples) / channels as f64);
        }
    }

    /// Returns whether the channels cancelled each other, so that almost nothing of them is left in
    /// the mix.
    pub(super) fn cancelled(&self) -> bool {
        self.channel_power > SILENT * self.frames as f64
            && self.mix_power < CANCELLED * self.channel_power
    }

    fn append_buffer<S: Sample + IntoSample<f32>>(&mut self, buffer: &AudioBuffer<S>) {
        let channels = buffer.num_planes();
        let scale = 1.0 / channels.max(1) as f32;
        if let Some(channel) = self.channel
            && let Some(plane) = buffer.plane(channel)
        {
            self.samples.extend(plane.iter().map(|&x| IntoSample::<f32>::into_sample(x)));
            return;
        }
        let start = self.samples.len();
        let mut channel_power = 0.0;
        for (channel, plane) in buffer.iter_planes().enumerate() {
            let samples = plane.iter().map(|&x| IntoSample::<f32>::into_sample(x));
            if channel == 0 {
                self.samples.extend(samples.map(|x| x * scale));
                if channels > 1 {
                    channel_power += power(&self.samples[start..]) * (channels as f64).powi(2);
                }
                continue;
            }
            let mut squares = 0.0;
            for (sum, x) in self.samples[start..].iter_mut().zip(samples) {
                *sum += x * scale;
                squares += x * x;
            }
            channel_power += f64::from(squares);
        }
        if channels > 1 {
            self.add_power(start, channel_power / channels as f64);
        }
    }

    fn add_power(&mut self, start: usize, channel_power: f64) {
        self.frames += (self.samples.len() - start) as u64;
        self.channel_power += channel_power;
        self.mix_power += power(&self.samples[start..]);
    }
}

/// Returns the sum of squares, computed as eight parallel sums.
fn power(samples: &[f32]) -> f64 {
    let (blocks, rest) = samples.as_chunks::<8>();
    let mut sums = [0.0f32; 8];
    for block in blocks {
        for (sum, x) in sums.iter_mut().zip(block) {
            *sum += x * x;
        }
    }
    let tail: f32 = rest.iter().map(|x| x * x).sum();
    f64::from(sums.iter().sum::<f32>() + tail)
}
