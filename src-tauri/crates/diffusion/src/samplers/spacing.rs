//! Where inference steps stand on the training steps. Lin et al. 2023, arXiv:2305.08891, table 2, in the conventions of
//! the scheduler families of diffusers.

use crate::error::{DiffusionError, Result};
use crate::schedule::{Schedule, Spacing};

/// How a family of samplers divides the training steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Convention {
    /// DDIM: `count` whole timesteps, both ends of a linspace included.
    Whole,
    /// Euler: the same, but a linspace may fall between two training steps.
    Fractional,
    /// The DPM-Solver family: `count + 1` whole timesteps of which the last, cleanest one is left out.
    WithoutLast,
}

/// Whether this many steps can be made at all.
pub(super) fn check(count: usize, most: usize) -> Result<()> {
    if (1..=most).contains(&count) {
        return Ok(());
    }
    Err(DiffusionError::Request {
        what: format!("{count} steps"),
        reason: format!("cannot be made with this model: choose 1 to {most}"),
    })
}

/// The timesteps of `count` inference steps, noisiest first.
pub(super) fn timesteps(
    schedule: &Schedule,
    default: Spacing,
    convention: Convention,
    count: usize,
) -> Result<Vec<f64>> {
    let train = schedule.train_steps();
    check(count, train)?;
    let last = train as f64 - 1.0;
    // Parts that the training steps are divided into, and the first of them that is used.
    let (parts, first) = match convention {
        Convention::Whole | Convention::Fractional => (count, 0),
        Convention::WithoutLast => (count + 1, 1),
    };
    Ok(match schedule.spacing.unwrap_or(default) {
        Spacing::Linspace => {
            let place = |step: usize| last * step as f64 / (parts as f64 - 1.0).max(1.0);
            let steps = (first..parts).rev().map(place);
            match convention {
                Convention::Fractional => steps.collect(),
                Convention::Whole | Convention::WithoutLast => steps.map(f64::round_ties_even).collect(),
            }
        }
        Spacing::Leading => {
            let ratio = train / parts;
            let place = |step: usize| ((step * ratio + schedule.steps_offset) as f64).min(last);
            (first..parts).rev().map(place).collect()
        }
        Spacing::Trailing => {
            let ratio = train as f64 / count as f64;
            let place = |step: usize| (train as f64 - step as f64 * ratio).round_ties_even() - 1.0;
            (0..count).map(place).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn steps(spacing: &str, convention: Convention, count: usize) -> Vec<f64> {
        let json = json!({"_class_name": "DDIMScheduler", "timestep_spacing": spacing, "steps_offset": 1});
        let schedule = Schedule::from_json(&json).unwrap();
        timesteps(&schedule, Spacing::Leading, convention, count).unwrap()
    }

    #[test]
    fn spacings_are_those_of_the_paper() {
        let expected = [901., 801., 701., 601., 501., 401., 301., 201., 101., 1.];
        assert_eq!(steps("leading", Convention::Whole, 10), expected);
        let expected = [999., 899., 799., 699., 599., 499., 399., 299., 199., 99.];
        assert_eq!(steps("trailing", Convention::Whole, 10), expected);
        let expected = [999., 888., 777., 666., 555., 444., 333., 222., 111., 0.];
        assert_eq!(steps("linspace", Convention::Whole, 10), expected);
    }

    #[test]
    fn families_differ_where_diffusers_does() {
        assert_eq!(
            steps("linspace", Convention::Whole, 5),
            [999., 749., 500., 250., 0.]
        );
        assert_eq!(
            steps("linspace", Convention::Fractional, 5),
            [999., 749.25, 499.5, 249.75, 0.]
        );
        assert_eq!(
            steps("linspace", Convention::WithoutLast, 4),
            [999., 749., 500., 250.]
        );
        assert_eq!(
            steps("leading", Convention::WithoutLast, 4),
            [801., 601., 401., 201.]
        );
        assert_eq!(steps("linspace", Convention::Whole, 1), [0.]);
        assert_eq!(steps("linspace", Convention::WithoutLast, 1), [999.]);
    }

    #[test]
    fn more_steps_than_were_trained_are_refused() {
        let schedule = Schedule::from_json(&json!({"_class_name": "DDIMScheduler"})).unwrap();
        for count in [0, 1001] {
            let refused = timesteps(&schedule, Spacing::Leading, Convention::Whole, count);
            let message = refused.expect_err("must be refused").to_string();
            assert!(
                message.contains("1 to 1000"),
                "`{message}` should say what is possible"
            );
        }
        for count in 1..=1000 {
            let steps = timesteps(&schedule, Spacing::Trailing, Convention::Whole, count).unwrap();
            assert_eq!(steps.len(), count, "every count is possible");
            assert!(steps.iter().all(|step| (0.0..1000.0).contains(step)));
        }
    }
}
