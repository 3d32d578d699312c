// Convolution, bias, LeakyReLU and max-pooling of one pipeline in one pass: a matrix product of
// patches, which are gathered on the fly, and filters. The sums never leave the workgroup. A
// workgroup processes WINDOWS_PER_GROUP whole pooling windows of one segment, and their positions
// (window by window, each row by row) in PASSES tiles.
@group(1) @binding(0) var<storage, read> inputs: array<f32>;
@group(1) @binding(1) var<storage, read> weight: array<f32>;
@group(1) @binding(2) var<storage, read> bias: array<f32>;
// (sample, feature): the pooled and activated maps, and where each winner's patch starts in the
// segment. Between two passes they contain the best so far.
@group(1) @binding(3) var<storage, read_write> features: array<f32>;
@group(1) @binding(4) var<storage, read_write> positions: array<u32>;

const STRIDE: u32 = COLUMNS + 1u;

var<workgroup> starts: array<u32, ROWS>;
var<workgroup> map: array<f32, ROWS * STRIDE>;
var<private> segment: u32;

fn left(row: u32, k: u32) -> f32 {
    let tap = min(k, TAPS - 1u);
    let at = starts[row] + tap / KERNEL_FRAMES * FRAMES + tap % KERNEL_FRAMES;
    return select(0.0, inputs[segment + at], k < TAPS);
}

fn right(column: u32, k: u32) -> f32 {
    let at = min(column, FILTERS - 1u) * TAPS + min(k, TAPS - 1u);
    return select(0.0, weight[at], k < TAPS);
}

// Tests the bits, because comparisons in shaders may assume that there are no NaNs.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// Returns where the patch of the group's `p`-th position starts in the segment.
fn start(first: u32, p: u32) -> u32 {
    let window = min(first + p / POOL, WINDOWS - 1u);
    let q = p % POOL;
    let row = window / POOLED_FRAMES * POOL_BANDS + q / POOL_FRAMES;
    let column = window % POOLED_FRAMES * POOL_FRAMES + q % POOL_FRAMES;
    return row * FRAMES + column;
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first = group.x * WINDOWS_PER_GROUP;
    let sample = group.z;
    segment = sample * SIZE;
    for (var pass_ = 0u; pass_ < PASSES; pass_++) {
        let begin = pass_ * ROWS;
        if thread < ROWS {
            starts[thread] = start(first, begin + thread);
        }
        workgroupBarrier();
        product(0u, group.y * COLUMNS, 0u, TAPS, thread);
        for (var i = 0u; i < 4u; i++) {
            for (var j = 0u; j < 4u; j++) {
                map[(own_row(thread) + i) * STRIDE + own_column(thread) + j] = sums[i][j];
            }
        }
        workgroupBarrier();
        // An invocation has the same windows and filter in every pass, so it finds its previous
        // best.
        let filter_ = group.y * COLUMNS + thread % COLUMNS;
        let lanes = THREADS / COLUMNS;
        let end = min(begin + ROWS, WINDOWS_PER_GROUP * POOL);
        for (var w = thread / COLUMNS; w < WINDOWS_PER_GROUP; w += lanes) {
            let from_ = max(w * POOL, begin);
            let to = min((w + 1u) * POOL, end);
            if from_ >= to || first + w >= WINDOWS || filter_ >= FILTERS {
                continue;
            }
            let at = sample * FEATURES + FIRST + filter_ * WINDOWS + first + w;
            var best = map[(from_ - begin) * STRIDE + thread % COLUMNS];
            var winner = starts[from_ - begin];
            if from_ > w * POOL {
                let value = features[at];
                if !(best > value || is_nan(best)) {
                    best = value;
                    winner = positions[at];
                }
            }
            for (var p = from_ + 1u; p < to; p++) {
                let value = map[(p - begin) * STRIDE + thread % COLUMNS];
                if value > best || is_nan(value) {
                    best = value;
                    winner = starts[p - begin];
                }
            }
            if to == (w + 1u) * POOL {
                best += bias[filter_];
                best = select(best * SLOPE, best, best > 0.0);
            }
            features[at] = best;
            positions[at] = winner;
        }
        workgroupBarrier();
    }
}
