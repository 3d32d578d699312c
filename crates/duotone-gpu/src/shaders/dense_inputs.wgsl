// Gradients of the pooled maps before their LeakyReLU, (sample, feature): sums over all units.
@group(1) @binding(0) var<storage, read> units: array<f32>;
@group(1) @binding(1) var<storage, read> weight: array<f32>;
@group(1) @binding(2) var<storage, read> features: array<f32>;
@group(1) @binding(3) var<storage, read_write> gradients: array<f32>;

fn left(row: u32, k: u32) -> f32 {
    let at = (BATCH + min(row, batch.samples - 1u)) * UNITS + min(k, UNITS - 1u);
    return select(0.0, units[at], k < UNITS);
}

fn right(column: u32, k: u32) -> f32 {
    let at = min(k, UNITS - 1u) * FEATURES + min(column, FEATURES - 1u);
    return select(0.0, weight[at], k < UNITS);
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = group.y * ROWS;
    let column = group.x * COLUMNS;
    product(row, column, 0u, UNITS, thread);
    for (var i = 0u; i < 4u; i++) {
        for (var j = 0u; j < 4u; j++) {
            let sample = row + own_row(thread) + i;
            let feature = column + own_column(thread) + j;
            if sample < batch.samples && feature < FEATURES {
                let at = sample * FEATURES + feature;
                gradients[at] = select(SLOPE, 1.0, features[at] > 0.0) * sums[i][j];
            }
        }
    }
}
