//! Products of small integers are exact in bf16, so every path must agree with plain sums to the last bit.

use super::*;

/// Small integers are exact in bf16 and their sums exact in f32, so results must agree to the bit.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count)
        .map(|index| ((index * 7919 + seed * 104_729 + index / 3) % 9) as f32 - 4.0)
        .collect()
}

struct Reference {
    y: Vec<f32>,
    dx: Vec<f32>,
    dw: Vec<f32>,
}

fn reference(shape: &Shape, x: &[f32], w: &[f32], dy: &[f32]) -> Reference {
    let (rows, columns) = shape.output_size();
    let mut result = Reference {
        y: vec![0.0; dy.len()],
        dx: vec![0.0; x.len()],
        dw: vec![0.0; w.len()],
    };
    for b in 0..shape.batch {
        for o in 0..shape.outputs {
            for c in 0..shape.inputs {
                for (oy, ox) in (0..rows).flat_map(|oy| (0..columns).map(move |ox| (oy, ox))) {
                    for (ky, kx) in (0..shape.kernel).flat_map(|ky| (0..shape.kernel).map(move |kx| (ky, kx)))
                    {
                        let (iy, ix) = (oy * shape.stride + ky, ox * shape.stride + kx);
                        if iy < shape.before || ix < shape.before {
                            continue;
                        }
                        let (iy, ix) = (iy - shape.before, ix - shape.before);
                        if iy >= shape.height || ix >= shape.width {
                            continue;
                        }
                        let at_x = ((b * shape.inputs + c) * shape.height + iy) * shape.width + ix;
                        let at_w = ((o * shape.inputs + c) * shape.kernel + ky) * shape.kernel + kx;
                        let at_y = ((b * shape.outputs + o) * rows + oy) * columns + ox;
                        result.y[at_y] += x[at_x] * w[at_w];
                        result.dx[at_x] += dy[at_y] * w[at_w];
                        result.dw[at_w] += dy[at_y] * x[at_x];
                    }
                }
            }
        }
    }
    result
}

#[test]
fn convolutions_and_their_gradients_are_exact_on_small_integers() {
    if !available() {
        return;
    }
    let shapes = [
        (2, 3, 16, 16, 16, 3, 1, (1, 1)),
        (3, 16, 8, 8, 24, 3, 1, (1, 1)),
        (2, 64, 6, 10, 40, 3, 1, (1, 1)),
        (2, 20, 8, 8, 16, 3, 2, (0, 1)),
        (5, 8, 8, 8, 16, 3, 2, (1, 1)),
        (2, 48, 5, 7, 3, 1, 1, (0, 0)),
        (1, 32, 66, 70, 8, 3, 1, (1, 1)),
    ];
    for (batch, inputs, height, width, outputs, kernel, stride, (before, after)) in shapes {
        let shape = Shape {
            batch,
            inputs,
            height,
            width,
            outputs,
            kernel,
            stride,
            before,
            after,
        };
        let (rows, columns) = shape.output_size();
        let x = numbers(batch * inputs * height * width, 1);
        let w = numbers(outputs * inputs * kernel * kernel, 2);
        let dy = numbers(batch * outputs * rows * columns, 3);
        let expected = reference(&shape, &x, &w, &dy);
        assert!(convolve(&shape, &x, &w, None) == expected.y, "forward {shape:?}");
        assert!(
            convolve_back_input(&shape, &dy, &w) == expected.dx,
            "input gradient {shape:?}"
        );
        assert!(
            convolve_back_kernel(&shape, &x, &dy) == expected.dw,
            "kernel gradient {shape:?}"
        );
    }
}

#[test]
fn linear_layers_and_their_gradients_are_exact_on_small_integers() {
    if !available() {
        return;
    }
    for (m, k, n) in [(5, 7, 9), (300, 64, 128), (130, 160, 40)] {
        let (x, w, dy) = (numbers(m * k, 1), numbers(n * k, 2), numbers(m * n, 3));
        let product = |rows: usize, depth: usize, columns: usize, at: &dyn Fn(usize, usize, usize) -> f32| {
            let cell = |index: usize| {
                (0..depth)
                    .map(|d| at(index / columns, d, index % columns))
                    .sum::<f32>()
            };
            (0..rows * columns).map(cell).collect::<Vec<f32>>()
        };
        let y = product(m, k, n, &|r, d, c| x[r * k + d] * w[c * k + d]);
        let dx = product(m, n, k, &|r, d, c| dy[r * n + d] * w[d * k + c]);
        let dw = product(n, m, k, &|r, d, c| dy[d * n + r] * x[d * k + c]);
        assert!(linear(m, k, n, &x, &w) == y, "forward {m} {k} {n}");
        assert!(
            linear_back_input(m, k, n, &dy, &w) == dx,
            "input gradient {m} {k} {n}"
        );
        assert!(
            linear_back_weight(m, k, n, &x, &dy) == dw,
            "weight gradient {m} {k} {n}"
        );
    }
}
