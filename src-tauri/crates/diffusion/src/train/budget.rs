//! How long a training goes on, and how its learning rate falls meanwhile.

use super::checkpoint::Position;

/// The end of a training. The learning rate has fallen to its floor exactly there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// This many steps: the result is the same on every start with the same seed, interrupted or not.
    Steps(u64),
    /// This many seconds of computing, over all starts.
    Seconds(f64),
}

impl Budget {
    /// Share that is spent, 0 to 1.
    pub fn spent(self, position: &Position) -> f64 {
        let share = match self {
            Self::Steps(steps) => position.step as f64 / steps.max(1) as f64,
            Self::Seconds(seconds) => position.seconds / seconds.max(1e-9),
        };
        share.clamp(0.0, 1.0)
    }

    /// Linear warm-up over `warm_up` steps, then half a cosine down to `floor` · `peak`.
    pub fn learning_rate(self, position: &Position, peak: f64, warm_up: u64, floor: f64) -> f64 {
        let rise = ((position.step + 1) as f64 / warm_up.max(1) as f64).min(1.0);
        let fall = 0.5 * (1.0 + (std::f64::consts::PI * self.spent(position)).cos());
        peak * rise * (floor + (1.0 - floor) * fall)
    }
}

/// Loss and speed since the last report, and when the next things are due.
pub(super) struct Meter {
    losses: f64,
    steps: u64,
    pictures: u64,
    since: f64,
    progress_at: f64,
    pub validation_at: f64,
    pub checkpoint_at: f64,
}

impl Meter {
    pub fn new(now: f64, rhythm: &super::Rhythm) -> Self {
        Self {
            losses: 0.0,
            steps: 0,
            pictures: 0,
            since: now,
            progress_at: now + rhythm.progress.min(5.0),
            validation_at: now + rhythm.validation.min(60.0),
            checkpoint_at: now + rhythm.checkpoint,
        }
    }

    pub fn add(&mut self, loss: f64, pictures: u64) {
        self.losses += loss;
        self.steps += 1;
        self.pictures += pictures;
    }

    /// A report, if one is due.
    pub fn report(
        &mut self,
        now: f64,
        rhythm: &super::Rhythm,
        position: &Position,
        budget: Budget,
        (learning_rate, gradient_norm): (f64, f32),
    ) -> Option<super::Progress> {
        if now < self.progress_at {
            return None;
        }
        let spent = budget.spent(position);
        let elapsed = (now - self.since).max(1e-9);
        let seconds_left = match budget {
            Budget::Seconds(seconds) => (seconds - position.seconds).max(0.0),
            Budget::Steps(steps) => {
                steps.saturating_sub(position.step) as f64 * elapsed / self.steps.max(1) as f64
            }
        };
        let progress = super::Progress {
            position: position.clone(),
            loss: self.losses / self.steps.max(1) as f64,
            gradient_norm,
            learning_rate,
            pictures_per_second: self.pictures as f64 / elapsed,
            spent,
            seconds_left,
        };
        (self.losses, self.steps, self.pictures, self.since) = (0.0, 0, 0, now);
        self.progress_at = now + rhythm.progress;
        Some(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(step: u64, seconds: f64) -> Position {
        Position {
            kind: "vae".to_owned(),
            seed: 1,
            step,
            pictures: 0,
            seconds,
        }
    }

    #[test]
    fn the_rate_rises_then_falls_to_its_floor_at_the_end() {
        let budget = Budget::Steps(1000);
        let rate = |step| budget.learning_rate(&at(step, 0.0), 1.0, 100, 0.01);
        assert!(rate(0) < 0.02 && rate(99) > 0.95, "{} {}", rate(0), rate(99));
        assert!(
            (rate(1000) - 0.01).abs() < 1e-9,
            "the floor is reached at the end"
        );
        assert!(
            (100..999).all(|step| rate(step + 1) < rate(step)),
            "never rises again"
        );
        let timed = Budget::Seconds(60.0);
        assert!((timed.learning_rate(&at(5000, 60.0), 1.0, 100, 0.01) - 0.01).abs() < 1e-9);
        assert!(
            (timed.spent(&at(0, 90.0)) - 1.0).abs() < f64::EPSILON,
            "spent never exceeds one"
        );
    }
}
