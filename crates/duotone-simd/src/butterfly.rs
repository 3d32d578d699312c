use crate::complex::Complex;
use crate::vector::Vector;

/// Returns the inverse Fourier transform of `R` values.
#[inline(always)]
pub(crate) fn butterfly<V: Vector, const R: usize>(x: [Complex<V>; R]) -> [Complex<V>; R] {
    let mut y = x;
    match R {
        2 => {
            y[0] = x[0] + x[1];
            y[1] = x[0] - x[1];
        }
        3 => {
            let sum = x[1] + x[2];
            let across = (x[1] - x[2]).scale(V::splat(0.866_025_4));
            let middle = x[0].add_scaled(V::splat(-0.5), sum);
            y[0] = x[0] + sum;
            y[1] = middle.add_i(across);
            y[2] = middle.sub_i(across);
        }
        4 => {
            let (even, odd) = (x[0] + x[2], x[1] + x[3]);
            let (across, along) = (x[0] - x[2], x[1] - x[3]);
            y[0] = even + odd;
            y[1] = across.add_i(along);
            y[2] = even - odd;
            y[3] = across.sub_i(along);
        }
        6 => {
            // Good-Thomas: input index 3a + 2b, output index 3c + 4d, no twiddle factors in between.
            let pair = |b: usize| {
                let (p, q) = (x[2 * b], x[(2 * b + 3) % 6]);
                (p + q, p - q)
            };
            let [(a, b), (c, d), (e, f)] = [pair(0), pair(1), pair(2)];
            [y[0], y[4], y[2]] = butterfly::<V, 3>([a, c, e]);
            [y[3], y[1], y[5]] = butterfly::<V, 3>([b, d, f]);
        }
        8 => {
            let even = butterfly::<V, 4>([x[0], x[2], x[4], x[6]]);
            let odd = butterfly::<V, 4>([x[1], x[3], x[5], x[7]]);
            let root = V::splat(std::f32::consts::FRAC_1_SQRT_2);
            let first = odd[1].add_i(odd[1]).scale(root);
            // (−1 + i) × x = i × (x + i × x)
            let third = odd[3].add_i(odd[3]).scale(root);
            (y[0], y[4]) = (even[0] + odd[0], even[0] - odd[0]);
            (y[1], y[5]) = (even[1] + first, even[1] - first);
            (y[2], y[6]) = (even[2].add_i(odd[2]), even[2].sub_i(odd[2]));
            (y[3], y[7]) = (even[3].add_i(third), even[3].sub_i(third));
        }
        5 => {
            // cos and sin of 2π/5 and 4π/5.
            let (c1, c2) = (V::splat(0.309_017), V::splat(-0.809_017));
            let (s1, s2) = (V::splat(0.951_056_5), V::splat(0.587_785_25));
            let (a, b) = (x[1] + x[4], x[2] + x[3]);
            let (c, d) = (x[1] - x[4], x[2] - x[3]);
            let first = x[0].add_scaled(c1, a).add_scaled(c2, b);
            let second = x[0].add_scaled(c2, a).add_scaled(c1, b);
            let across = c.scale(s1).add_scaled(s2, d);
            let along = c.scale(s2) - d.scale(s1);
            y[0] = x[0] + a + b;
            y[1] = first.add_i(across);
            y[4] = first.sub_i(across);
            y[2] = second.add_i(along);
            y[3] = second.sub_i(along);
        }
        _ => unreachable!("no butterfly of radix {R}"),
    }
    y
}
