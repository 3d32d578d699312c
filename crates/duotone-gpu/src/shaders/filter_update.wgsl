// Updates one pipeline's filters and biases in place by the sum of the parts, in order.
@group(1) @binding(0) var<storage, read> parts: array<f32>;
@group(1) @binding(1) var<storage, read_write> weight: array<f32>;
@group(1) @binding(2) var<storage, read_write> bias: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let tap = id.x;
    let filter_ = id.y;
    if tap > TAPS {
        return;
    }
    let count = (batch.samples + SAMPLES_PER_PART - 1u) / SAMPLES_PER_PART;
    var sum = 0.0;
    for (var part = 0u; part < count; part++) {
        sum += parts[(part * FILTERS + filter_) * (TAPS + 1u) + tap];
    }
    if tap == TAPS {
        bias[filter_] = updated(bias[filter_], sum);
    } else {
        let at = filter_ * TAPS + tap;
        weight[at] = updated(weight[at], sum);
    }
}
