// Gradients of one pipeline's filters, (part, filter, tap), with the bias as the last tap. There is
// one input patch per pooled value, because a maximum passes its gradient to one position. A part
// is the sum over SAMPLES_PER_PART segments, in order.
@group(1) @binding(0) var<storage, read> inputs: array<f32>;
@group(1) @binding(1) var<storage, read> gradients: array<f32>;
@group(1) @binding(2) var<storage, read> positions: array<u32>;
@group(1) @binding(3) var<storage, read_write> parts: array<f32>;

// The gradients that a workgroup processes at a time, and where their patches start.
var<workgroup> values: array<f32, THREADS>;
var<workgroup> patches: array<u32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let filter_ = group.y;
    let tap = group.x * THREADS + thread;
    let within = min(tap, TAPS - 1u);
    let offset = within / KERNEL_FRAMES * FRAMES + within % KERNEL_FRAMES;
    let begin = group.z * SAMPLES_PER_PART * WINDOWS;
    let end = min((group.z + 1u) * SAMPLES_PER_PART, batch.samples) * WINDOWS;
    var sum = 0.0;
    for (var first = begin; first < end; first += THREADS) {
        let count = min(THREADS, end - first);
        if thread < count {
            let sample = (first + thread) / WINDOWS;
            let window = (first + thread) % WINDOWS;
            let at = sample * FEATURES + FIRST + filter_ * WINDOWS + window;
            values[thread] = gradients[at];
            patches[thread] = sample * SIZE + positions[at];
        }
        workgroupBarrier();
        for (var i = 0u; i < count; i++) {
            sum += values[i] * select(inputs[patches[i] + offset], 1.0, tap == TAPS);
        }
        workgroupBarrier();
    }
    if tap <= TAPS {
        parts[(group.z * FILTERS + filter_) * (TAPS + 1u) + tap] = sum;
    }
}
