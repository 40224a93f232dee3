//! The least value of a smooth function: L-BFGS (J. Nocedal, "Updating Quasi-Newton Matrices with Limited Storage",
//! Mathematics of Computation 35, 1980) with steps halved until they pay (Armijo).

use std::collections::VecDeque;

/// How many pairs of steps are remembered.
const REMEMBERED: usize = 8;
/// How often a step is halved at most.
const HALVINGS: usize = 30;

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// Moves `point` towards the least value; `value` gives it with its gradient (written into its second argument). Ends after
/// `steps`, or where the gradient is flat.
pub(super) fn descend(point: &mut [f64], steps: usize, value: impl Fn(&[f64], &mut [f64]) -> f64) {
    let size = point.len();
    let mut gradient = vec![0.0; size];
    let mut now = value(point, &mut gradient);
    let mut known: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    let mut next_gradient = vec![0.0; size];
    for _ in 0..steps {
        if dot(&gradient, &gradient).sqrt() < 1e-6 * size as f64 / (size as f64).sqrt() {
            return;
        }
        let mut direction: Vec<f64> = gradient.iter().map(|one| -one).collect();
        let mut shares = Vec::with_capacity(known.len());
        for (moved, turned, inverse) in known.iter().rev() {
            let share = inverse * dot(moved, &direction);
            for (one, turned) in direction.iter_mut().zip(turned) {
                *one -= share * turned;
            }
            shares.push(share);
        }
        if let Some((moved, turned, _)) = known.back() {
            let scale = dot(moved, turned) / dot(turned, turned);
            for one in &mut direction {
                *one *= scale;
            }
        }
        for ((moved, turned, inverse), share) in known.iter().zip(shares.into_iter().rev()) {
            let back = inverse * dot(turned, &direction);
            for (one, moved) in direction.iter_mut().zip(moved) {
                *one += (share - back) * moved;
            }
        }
        let slope = dot(&gradient, &direction);
        if slope >= 0.0 {
            known.clear();
            direction = gradient.iter().map(|one| -one).collect();
        }
        let slope = dot(&gradient, &direction);
        let mut length = if known.is_empty() {
            1.0 / slope.abs().sqrt().max(1.0)
        } else {
            1.0
        };
        let mut next = vec![0.0; size];
        let mut paid = None;
        for _ in 0..HALVINGS {
            for ((next, from), towards) in next.iter_mut().zip(point.iter()).zip(&direction) {
                *next = from + length * towards;
            }
            let found = value(&next, &mut next_gradient);
            if found <= now + 1e-4 * length * slope {
                paid = Some(found);
                break;
            }
            length /= 2.0;
        }
        let Some(found) = paid else { return };
        let moved: Vec<f64> = next
            .iter()
            .zip(point.iter())
            .map(|(next, from)| next - from)
            .collect();
        let turned: Vec<f64> = next_gradient
            .iter()
            .zip(&gradient)
            .map(|(next, from)| next - from)
            .collect();
        let bent = dot(&moved, &turned);
        if bent > 1e-12 {
            known.push_back((moved, turned, 1.0 / bent));
            if known.len() > REMEMBERED {
                known.pop_front();
            }
        }
        point.copy_from_slice(&next);
        std::mem::swap(&mut gradient, &mut next_gradient);
        let gained = now - found;
        now = found;
        if gained < 1e-9 * now.abs().max(1.0) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_bottom_of_a_crooked_valley() {
        // H. H. Rosenbrock, "An Automatic Method for Finding the Greatest or Least Value of a Function", 1960.
        let mut point = vec![-1.2, 1.0];
        descend(&mut point, 200, |at, gradient| {
            let (x, y) = (at[0], at[1]);
            gradient[0] = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x);
            gradient[1] = 200.0 * (y - x * x);
            (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
        });
        assert!(
            (point[0] - 1.0).abs() < 1e-3 && (point[1] - 1.0).abs() < 1e-3,
            "the bottom is at (1, 1): {point:?}"
        );
    }
}
