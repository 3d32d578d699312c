// From the dense layer's sums to the logits and back, with one workgroup per sample.
@group(1) @binding(0) var<storage, read> parts: array<f32>;
@group(1) @binding(1) var<storage, read> dense_bias: array<f32>;
@group(1) @binding(2) var<storage, read> weight: array<f32>;
@group(1) @binding(3) var<storage, read> bias: array<f32>;
@group(1) @binding(4) var<storage, read> places: array<Place>;
// (2, BATCH, UNITS): the units after dropout, then the gradients of their sums.
@group(1) @binding(5) var<storage, read_write> units: array<f32>;
// (sample, class): logits; in training, finally their gradients.
@group(1) @binding(6) var<storage, read_write> logits: array<f32>;
// Loss in nats, and 1 if the decision was right.
@group(1) @binding(7) var<storage, read_write> outcomes: array<vec2<f32>>;

// Invocations that share a class's sum.
const LANES: u32 = 16u;

var<workgroup> shared_sums: array<f32, THREADS>;
var<workgroup> shared_places: array<u32, THREADS>;

fn sigmoid(x: f32) -> f32 {
    let e = exp(-abs(x));
    return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

fn hidden(sample: u32, thread: u32) {
    for (var unit = thread; unit < UNITS; unit += THREADS) {
        var sum = 0.0;
        for (var part = 0u; part < PARTS; part++) {
            sum += parts[(part * BATCH + sample) * UNITS + unit];
        }
        let h = sigmoid(sum + dense_bias[unit]);
        let at = sample * UNITS + unit;
        var kept = 1.0;
        if TRAINING {
            kept = select(DROPOUT_SCALE, 0.0, random_word(at) < DROPOUT_THRESHOLD);
            // The derivative of the unit's output with respect to its sum, completed below.
            units[BATCH * UNITS + at] = h * (1.0 - h) * kept;
        }
        units[at] = h * kept;
    }
}

fn output(sample: u32, thread: u32) {
    let lane = thread % LANES;
    for (var first = 0u; first < CLASSES; first += THREADS / LANES) {
        let class_ = first + thread / LANES;
        var sum = 0.0;
        if class_ < CLASSES {
            for (var unit = lane; unit < UNITS; unit += LANES) {
                sum += weight[class_ * UNITS + unit] * units[sample * UNITS + unit];
            }
        }
        shared_sums[thread] = sum;
        workgroupBarrier();
        if lane == 0u && class_ < CLASSES {
            for (var i = 1u; i < LANES; i++) {
                sum += shared_sums[thread + i];
            }
            logits[sample * CLASSES + class_] = sum + bias[class_];
        }
        workgroupBarrier();
    }
}

// Returns the largest logit. The first class that has it is in shared_places[0].
fn largest(sample: u32, thread: u32) -> f32 {
    var best = logits[sample * CLASSES];
    var class_ = 0u;
    for (var c = thread; c < CLASSES; c += THREADS) {
        let logit = logits[sample * CLASSES + c];
        if logit > best {
            best = logit;
            class_ = c;
        }
    }
    shared_sums[thread] = best;
    shared_places[thread] = class_;
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if thread < half {
            let other = shared_sums[thread + half];
            let place = shared_places[thread + half];
            if other > best || (other == best && place < class_) {
                best = other;
                class_ = place;
                shared_sums[thread] = best;
                shared_places[thread] = class_;
            }
        }
    }
    workgroupBarrier();
    return shared_sums[0];
}

fn sum_of_all(value: f32, thread: u32) -> f32 {
    // Other invocations may still be reading the memory.
    workgroupBarrier();
    shared_sums[thread] = value;
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if thread < half {
            shared_sums[thread] += shared_sums[thread + half];
        }
    }
    workgroupBarrier();
    return shared_sums[0];
}

fn backward(sample: u32, thread: u32) {
    let label = places[batch.first + sample].label;
    let best = largest(sample, thread);
    var exps = 0.0;
    for (var c = thread; c < CLASSES; c += THREADS) {
        exps += exp(logits[sample * CLASSES + c] - best);
    }
    let sum = sum_of_all(exps, thread);
    if thread == 0u {
        let loss = log(sum) - (logits[sample * CLASSES + label] - best);
        let right = select(0.0, 1.0, shared_places[0] == label);
        outcomes[batch.outcome + sample] = vec2<f32>(loss, right);
    }
    storageBarrier();
    for (var c = thread; c < CLASSES; c += THREADS) {
        let at = sample * CLASSES + c;
        let probability = exp(logits[at] - best) / sum;
        logits[at] = (probability - select(0.0, 1.0, c == label)) / f32(batch.samples);
    }
    storageBarrier();
    for (var unit = thread; unit < UNITS; unit += THREADS) {
        var back = 0.0;
        for (var c = 0u; c < CLASSES; c++) {
            back += logits[sample * CLASSES + c] * weight[c * UNITS + unit];
        }
        units[(BATCH + sample) * UNITS + unit] *= back;
    }
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    hidden(group.x, thread);
    storageBarrier();
    output(group.x, thread);
    storageBarrier();
    if TRAINING {
        backward(group.x, thread);
    }
}
