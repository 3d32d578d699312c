// One mini-batch. The sizes of the network are constants in front of this text.
struct Batch {
    samples: u32,
    // Index of its first segment in the list of places.
    first: u32,
    // Index of its first segment in the list of outcomes.
    outcome: u32,
    // Key and stream of the dropout masks.
    key_low: u32,
    key_high: u32,
    stream_low: u32,
    stream_high: u32,
    // The update of a weight: keep × weight − rate × gradient.
    keep: f32,
    rate: f32,
}

// A segment: index of its first value in the source, distance between its bands there, its class.
struct Place {
    offset: u32,
    stride: u32,
    label: u32,
    unused: u32,
}

@group(0) @binding(0) var<uniform> batch: Batch;

fn updated(weight: f32, gradient: f32) -> f32 {
    return batch.keep * weight - batch.rate * gradient;
}
