// Copies and scales the segments of a batch.
@group(1) @binding(0) var<storage, read> source: array<f32>;
@group(1) @binding(1) var<storage, read> places: array<Place>;
// Means, then standard deviations, each for RUN values of a segment.
@group(1) @binding(2) var<storage, read> scaler: array<f32>;
@group(1) @binding(3) var<storage, read_write> inputs: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= SIZE {
        return;
    }
    let place = places[batch.first + id.y];
    let value = source[place.offset + i / FRAMES * place.stride + i % FRAMES];
    let cell = i / RUN;
    inputs[id.y * SIZE + i] = (value - scaler[cell]) / scaler[CELLS + cell];
}
