// Updates the dense layer's weights in place. Their gradients are sums over all samples.
@group(1) @binding(0) var<storage, read> units: array<f32>;
@group(1) @binding(1) var<storage, read> features: array<f32>;
@group(1) @binding(2) var<storage, read_write> weight: array<f32>;

fn left(row: u32, k: u32) -> f32 {
    let at = (BATCH + min(k, batch.samples - 1u)) * UNITS + min(row, UNITS - 1u);
    return select(0.0, units[at], k < batch.samples);
}

fn right(column: u32, k: u32) -> f32 {
    let at = min(k, batch.samples - 1u) * FEATURES + min(column, FEATURES - 1u);
    return select(0.0, features[at], k < batch.samples);
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = group.y * ROWS;
    let column = group.x * COLUMNS;
    product(row, column, 0u, batch.samples, thread);
    for (var i = 0u; i < 4u; i++) {
        for (var j = 0u; j < 4u; j++) {
            let unit = row + own_row(thread) + i;
            let feature = column + own_column(thread) + j;
            if unit < UNITS && feature < FEATURES {
                let at = unit * FEATURES + feature;
                weight[at] = updated(weight[at], sums[i][j]);
            }
        }
    }
}
