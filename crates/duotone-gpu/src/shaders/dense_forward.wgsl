// The dense layer's sums before bias and sigmoid, (part, sample, unit). Each part is the sum over
// PART_DEPTH features, so that there are enough workgroups.
@group(1) @binding(0) var<storage, read> features: array<f32>;
@group(1) @binding(1) var<storage, read> weight: array<f32>;
@group(1) @binding(2) var<storage, read_write> parts: array<f32>;

fn left(row: u32, k: u32) -> f32 {
    let at = min(row, batch.samples - 1u) * FEATURES + min(k, FEATURES - 1u);
    return select(0.0, features[at], k < FEATURES);
}

fn right(column: u32, k: u32) -> f32 {
    let at = min(column, UNITS - 1u) * FEATURES + min(k, FEATURES - 1u);
    return select(0.0, weight[at], k < FEATURES);
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let begin = group.x * PART_DEPTH;
    let row = group.z * ROWS;
    let column = group.y * COLUMNS;
    product(row, column, begin, min(begin + PART_DEPTH, FEATURES), thread);
    for (var i = 0u; i < 4u; i++) {
        for (var j = 0u; j < 4u; j++) {
            let sample = row + own_row(thread) + i;
            let unit = column + own_column(thread) + j;
            if sample < batch.samples && unit < UNITS {
                parts[(group.x * BATCH + sample) * UNITS + unit] = sums[i][j];
            }
        }
    }
}
