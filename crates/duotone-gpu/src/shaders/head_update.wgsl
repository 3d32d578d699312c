// Updates the output layer's weights and biases and the dense layer's biases in place, one per
// invocation. Their gradients are sums over all samples.
@group(1) @binding(0) var<storage, read> units: array<f32>;
@group(1) @binding(1) var<storage, read> logits: array<f32>;
@group(1) @binding(2) var<storage, read_write> weight: array<f32>;
@group(1) @binding(3) var<storage, read_write> bias: array<f32>;
@group(1) @binding(4) var<storage, read_write> dense_bias: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    // One row per class; the last column is the class's bias. An additional row has the dense
    // layer's biases.
    let class_ = id.y;
    let unit = id.x;
    if unit > UNITS || (class_ == CLASSES && unit == UNITS) {
        return;
    }
    var sum = 0.0;
    for (var sample = 0u; sample < batch.samples; sample++) {
        if class_ == CLASSES {
            sum += units[(BATCH + sample) * UNITS + unit];
        } else if unit == UNITS {
            sum += logits[sample * CLASSES + class_];
        } else {
            sum += logits[sample * CLASSES + class_] * units[sample * UNITS + unit];
        }
    }
    if class_ == CLASSES {
        dense_bias[unit] = updated(dense_bias[unit], sum);
    } else if unit == UNITS {
        bias[class_] = updated(bias[class_], sum);
    } else {
        let at = class_ * UNITS + unit;
        weight[at] = updated(weight[at], sum);
    }
}
