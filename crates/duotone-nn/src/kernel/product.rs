//! Matrix products: the arithmetic of layers that are lowered to them.

use super::{Isa, Kernel, Vector, View, dispatch};

/// Rows of a tile: with two registers of columns, twelve sums, two values of `b` and one of `a` take up
/// fifteen of the sixteen registers of x86.
const ROWS: usize = 6;
/// Registers of columns in a tile.
const REGISTERS: usize = 2;
/// Columns must be a multiple of this number, which every instruction set's registers divide.
pub(crate) const COLUMNS: usize = 8;

/// Offsets in ascending order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offsets<'a>(&'a [usize]);

impl<'a> Offsets<'a> {
    /// Returns the first `count` of a table.
    pub(crate) fn first(table: &'a OffsetTable, count: usize) -> Self {
        Self(&table.0[..count])
    }

    fn last(self) -> usize {
        self.0.last().copied().unwrap_or(0)
    }
}

/// A table of offsets in ascending order.
#[derive(Clone, Debug)]
pub(crate) struct OffsetTable(Vec<usize>);

impl OffsetTable {
    /// # Panics
    /// If the offsets are not in ascending order.
    pub(crate) fn new(offsets: Vec<usize>) -> Self {
        assert!(offsets.is_sorted());
        Self(offsets)
    }

    pub(crate) fn all(&self) -> Offsets<'_> {
        Offsets(&self.0)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// `c = a · b` or `c += a · b`. The matrix `a` may be a view of a map or of its patches: the element in row `r` and
/// column `s` is at `a_rows[r] + a_steps[s]`.
pub(crate) struct Product<'a> {
    pub(crate) a: &'a [f32],
    pub(crate) a_rows: Offsets<'a>,
    pub(crate) a_steps: Offsets<'a>,
    /// (step, column)
    pub(crate) b: &'a [f32],
    /// (row, column)
    pub(crate) c: &'a mut [f32],
    pub(crate) columns: usize,
    /// Whether to add to `c` instead of replacing it.
    pub(crate) accumulate: bool,
}

impl Product<'_> {
    /// Computes the product. Terms are always added in the order of the steps.
    ///
    /// # Panics
    /// If a slice is too short for the sizes, or `columns` is not a multiple of [`COLUMNS`].
    pub(crate) fn run_on(self, isa: Isa) {
        assert!(self.columns.is_multiple_of(COLUMNS));
        assert!(self.a_rows.last() + self.a_steps.last() < self.a.len());
        assert!(self.a_steps.0.len() * self.columns <= self.b.len());
        assert!(self.a_rows.0.len() * self.columns <= self.c.len());
        isa.run(self);
    }
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let mut column = 0;
        while column < self.columns {
            let registers = REGISTERS.min((self.columns - column) / V::LANES);
            for tile in 0..self.a_rows.0.len().div_ceil(ROWS) {
                let row = tile * ROWS;
                let at = (row, column);
                match (registers, ROWS.min(self.a_rows.0.len() - row)) {
                    (1, rows) => {
                        dispatch!(rows, [1, 2, 3, 4, 5, 6] => R, self.tile::<V, R, 1>(at));
                    }
                    (_, rows) => {
                        dispatch!(rows, [1, 2, 3, 4, 5, 6] => R, self.tile::<V, R, 2>(at));
                    }
                }
            }
            column += registers * V::LANES;
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn tile<V: Vector, const R: usize, const C: usize>(&mut self, (row, column): (usize, usize)) {
        let mut sums = [[V::splat(0.0); C]; R];
        let rows: [usize; R] = std::array::from_fn(|r| self.a_rows.0[row + r]);
        // SAFETY: `run_on` asserts the lengths; the offsets are those of `a_rows` and `a_steps`, and the
        // registers of columns end at or before `columns`.
        unsafe {
            if self.accumulate {
                for r in 0..R {
                    for c in 0..C {
                        sums[r][c] = self.c.load((row + r) * self.columns + column + c * V::LANES);
                    }
                }
            }
            for (step, &offset) in self.a_steps.0.iter().enumerate() {
                let mut b = [V::splat(0.0); C];
                for c in 0..C {
                    b[c] = self.b.load(step * self.columns + column + c * V::LANES);
                }
                for r in 0..R {
                    let a = V::splat(self.a.scalar(rows[r] + offset));
                    for c in 0..C {
                        sums[r][c] = sums[r][c].mul_add(a, b[c]);
                    }
                }
            }
            for r in 0..R {
                for c in 0..C {
                    self.c.store((row + r) * self.columns + column + c * V::LANES, sums[r][c]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OffsetTable, Product};
    use crate::kernel::Isa;
    use crate::random::Philox;

    fn noise(count: usize, seed: u64) -> Vec<f32> {
        let random = Philox::new(seed, 3);
        (0..count as u64).map(|i| random.uniform(i) * 2.0 - 1.0).collect()
    }

    /// Sizes around those of the tiles, `a` by rows and by columns.
    #[test]
    fn matches_the_definition() {
        for isa in Isa::available() {
            for rows in [1, 5, 6, 7, 12, 25] {
                for columns in [8, 16, 24, 40] {
                    for (steps, transposed) in [(1, false), (9, true), (30, false)] {
                        let a = noise(rows * steps, 1);
                        let b = noise(steps * columns, 2);
                        let before = noise(rows * columns, 3);
                        let strides = if transposed { (1, rows) } else { (steps, 1) };
                        let a_rows: Vec<_> = (0..rows).map(|r| r * strides.0).collect();
                        let a_steps: Vec<_> = (0..steps).map(|s| s * strides.1).collect();
                        for accumulate in [false, true] {
                            let mut c = before.clone();
                            let (rows_table, steps_table) = (
                                OffsetTable::new(a_rows.clone()),
                                OffsetTable::new(a_steps.clone()),
                            );
                            let (a_rows, a_steps) = (rows_table.all(), steps_table.all());
                            Product {
                                a: &a,
                                a_rows,
                                a_steps,
                                b: &b,
                                c: &mut c,
                                columns,
                                accumulate,
                            }
                            .run_on(isa);
                            for row in 0..rows {
                                for column in 0..columns {
                                    let at = row * columns + column;
                                    let mut sum =
                                        if accumulate { f64::from(before[at]) } else { 0.0 };
                                    for step in 0..steps {
                                        let a = a[rows_table.0[row] + steps_table.0[step]];
                                        sum += f64::from(a) * f64::from(b[step * columns + column]);
                                    }
                                    assert!(
                                        (f64::from(c[at]) - sum).abs() < 1e-5,
                                        "{sum} {}",
                                        c[at]
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
