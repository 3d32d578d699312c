use symphonia::core::audio::conv::IntoSample;
use symphonia::core::audio::sample::Sample;
use symphonia::core::audio::{Audio, AudioBuffer, GenericAudioBufferRef};

/// Appends the mean of a decoded packet's channels to `mono`.
pub(super) fn append_mono(packet: &GenericAudioBufferRef<'_>, mono: &mut Vec<f32>) {
    match packet {
        GenericAudioBufferRef::U8(b) => average(b, mono),
        GenericAudioBufferRef::U16(b) => average(b, mono),
        GenericAudioBufferRef::U24(b) => average(b, mono),
        GenericAudioBufferRef::U32(b) => average(b, mono),
        GenericAudioBufferRef::S8(b) => average(b, mono),
        GenericAudioBufferRef::S16(b) => average(b, mono),
        GenericAudioBufferRef::S24(b) => average(b, mono),
        GenericAudioBufferRef::S32(b) => average(b, mono),
        GenericAudioBufferRef::F32(b) => average(b, mono),
        GenericAudioBufferRef::F64(b) => average(b, mono),
    }
}

fn average<S: Sample + IntoSample<f32>>(buffer: &AudioBuffer<S>, mono: &mut Vec<f32>) {
    let scale = 1.0 / buffer.num_planes().max(1) as f32;
    let start = mono.len();
    let mut planes = buffer.iter_planes();
    if let Some(plane) = planes.next() {
        mono.extend(plane.iter().map(|&x| IntoSample::<f32>::into_sample(x) * scale));
    }
    for plane in planes {
        for (sum, &x) in mono[start..].iter_mut().zip(plane) {
            *sum += IntoSample::<f32>::into_sample(x) * scale;
        }
    }
}
