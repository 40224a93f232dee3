//! How fast the generator is, smoothed so that a number on screen can be read.

use std::time::Duration;

/// Weight of the newest measurement.
const NEWEST: f64 = 0.3;

/// Smoothed speeds; 0 while unknown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    pub(crate) steps_per_second: f64,
    pub(crate) seconds_per_picture: f64,
}

fn smooth(value: &mut f64, newest: f64) {
    *value = if *value > 0.0 {
        *value + NEWEST * (newest - *value)
    } else {
        newest
    };
}

impl Pace {
    /// One denoising step of the batch took `took`.
    pub(crate) fn step(&mut self, took: Duration) {
        if !took.is_zero() {
            smooth(&mut self.steps_per_second, 1.0 / took.as_secs_f64());
        }
    }

    /// A batch of `pictures` took `took` from its first step to the last file on disk.
    pub(crate) fn batch(&mut self, pictures: usize, took: Duration) {
        if pictures > 0 {
            smooth(
                &mut self.seconds_per_picture,
                took.as_secs_f64() / pictures as f64,
            );
        }
    }

    /// Seconds until `pending` slots are made, of which a batch of `making` is at `step` of `steps`.
    pub(crate) fn seconds_left(&self, pending: u32, making: usize, step: u32, steps: u32) -> Option<f64> {
        let batch_share = f64::from(steps.saturating_sub(step)) / f64::from(steps.max(1));
        let pictures = (f64::from(pending) - making as f64).max(0.0) + making as f64 * batch_share;
        if self.seconds_per_picture > 0.0 {
            Some(pictures * self.seconds_per_picture)
        } else if self.steps_per_second > 0.0 && making > 0 {
            // Before the first batch has ended its steps are all there is to go by.
            Some(pictures / making as f64 * f64::from(steps) / self.steps_per_second)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_counts_what_the_batch_has_already_done() {
        let mut pace = Pace::default();
        assert_eq!(
            pace.seconds_left(8, 4, 0, 20),
            None,
            "nothing is known before the first step"
        );
        pace.step(Duration::from_millis(500));
        assert_eq!(
            pace.seconds_left(8, 4, 10, 20),
            Some(15.0),
            "one and a half batches of 20 steps at 2 steps/s"
        );
        pace.batch(4, Duration::from_secs(8));
        assert_eq!(
            pace.seconds_left(8, 4, 10, 20),
            Some(12.0),
            "four and half of four pictures at 2 s each"
        );
    }
}
