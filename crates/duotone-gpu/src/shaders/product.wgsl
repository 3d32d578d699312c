// A tile of a matrix product: ROWS × COLUMNS sums over a range of k, 4 × 4 of them per invocation.
// The factors come from `left(row, k)` and `right(column, k)`, which return 0 beyond the range of k
// and any finite value beyond the last row or column.

// Strides of the tiles in workgroup memory, one more than needed to avoid bank conflicts.
const LEFT: u32 = ROWS / 4u + 1u;
const RIGHT: u32 = COLUMNS / 4u + 1u;

var<workgroup> left_tile: array<vec4<f32>, DEPTH * LEFT>;
var<workgroup> right_tile: array<vec4<f32>, DEPTH * RIGHT>;

// This invocation's sums: four rows with four columns each.
var<private> sums: array<vec4<f32>, 4>;

// First row and column of an invocation's sums in the tile.
fn own_row(thread: u32) -> u32 {
    return thread / (COLUMNS / 4u) * 4u;
}
fn own_column(thread: u32) -> u32 {
    return thread % (COLUMNS / 4u) * 4u;
}

fn product(row: u32, column: u32, begin: u32, end: u32, thread: u32) {
    for (var i = 0u; i < 4u; i++) {
        sums[i] = vec4<f32>(0.0);
    }
    for (var k = begin; k < end; k += DEPTH) {
        // Neighbouring invocations load neighbouring numbers: along k, or along rows and columns.
        for (var i = thread; i < DEPTH * ROWS / 4u; i += THREADS) {
            let d = select(i / (ROWS / 4u), i % DEPTH, LEFT_ALONG_K);
            let r = select(i % (ROWS / 4u), i / DEPTH, LEFT_ALONG_K);
            let at = row + r * 4u;
            left_tile[d * LEFT + r] = vec4<f32>(
                left(at, k + d), left(at + 1u, k + d), left(at + 2u, k + d), left(at + 3u, k + d)
            );
        }
        for (var i = thread; i < DEPTH * COLUMNS / 4u; i += THREADS) {
            let d = select(i / (COLUMNS / 4u), i % DEPTH, RIGHT_ALONG_K);
            let c = select(i % (COLUMNS / 4u), i / DEPTH, RIGHT_ALONG_K);
            let at = column + c * 4u;
            right_tile[d * RIGHT + c] = vec4<f32>(
                right(at, k + d), right(at + 1u, k + d), right(at + 2u, k + d), right(at + 3u, k + d)
            );
        }
        workgroupBarrier();
        var s0 = sums[0];
        var s1 = sums[1];
        var s2 = sums[2];
        var s3 = sums[3];
        for (var d = 0u; d < DEPTH; d++) {
            let l = left_tile[d * LEFT + thread / (COLUMNS / 4u)];
            let r = right_tile[d * RIGHT + thread % (COLUMNS / 4u)];
            s0 += l.x * r;
            s1 += l.y * r;
            s2 += l.z * r;
            s3 += l.w * r;
        }
        sums[0] = s0;
        sums[1] = s1;
        sums[2] = s2;
        sums[3] = s3;
        workgroupBarrier();
    }
}
