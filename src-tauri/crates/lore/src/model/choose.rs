//! Choosing the next token among those that may follow.

use llguidance::toktrie::SimpleVob;
use salon_domain::Draws;

/// Share of the probability that is drawn from: the unlikely rest is what makes a text go astray.
const NUCLEUS: f64 = 0.95;
/// What is this much less likely than the likeliest is not drawn (e⁻¹²).
const HOPELESS: f64 = 12.0;

/// The token of the highest score at temperature 0, else one drawn from the nucleus; none where no score is a number.
/// Whatever the temperature, only what is allowed is looked at.
pub(super) fn choose(
    logits: &[f32],
    allowed: &SimpleVob,
    temperature: f64,
    draws: &mut Draws,
) -> Option<u32> {
    let mut best: Option<(usize, f32)> = None;
    allowed.iter_set_entries(|token| {
        if let Some(&logit) = logits.get(token)
            && logit.is_finite()
            && best.is_none_or(|(_, score)| logit > score)
        {
            best = Some((token, logit));
        }
    });
    let (likeliest, score) = best?;
    if temperature <= 0.0 {
        return Some(likeliest as u32);
    }
    let mut open: Vec<(u32, f64)> = Vec::new();
    allowed.iter_set_entries(|token| {
        if let Some(&logit) = logits.get(token)
            && logit.is_finite()
        {
            let behind = f64::from(score - logit) / temperature;
            if behind <= HOPELESS {
                open.push((token as u32, (-behind).exp()));
            }
        }
    });
    // The likelier first; equals by number, so that the order is one.
    open.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let whole: f64 = open.iter().map(|(_, weight)| weight).sum();
    let mut nucleus = 0.0;
    let mut most = 0;
    for (_, weight) in &open {
        nucleus += weight;
        most += 1;
        if nucleus >= whole * NUCLEUS {
            break;
        }
    }
    let mut drawn = draws.unit() * nucleus;
    for (token, weight) in &open[..most] {
        drawn -= weight;
        if drawn < 0.0 {
            return Some(*token);
        }
    }
    Some(likeliest as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use salon_domain::Digest;

    fn mask(allowed: &[u32]) -> SimpleVob {
        let mut mask = SimpleVob::alloc(8);
        for token in allowed {
            mask.allow_token(*token);
        }
        mask
    }

    #[test]
    fn only_what_is_allowed_is_chosen_at_any_temperature() {
        let logits = [9.0, 1.0, 8.0, 1.5, f32::NAN, 0.0, f32::INFINITY, 7.0];
        let mut draws = Draws::of(&Digest([5; 32]));
        assert_eq!(
            choose(&logits, &mask(&[1, 3, 4, 5]), 0.0, &mut draws),
            Some(3),
            "greedy: the likeliest of the allowed, not of all"
        );
        let mut counts = [0; 8];
        for _ in 0..2000 {
            counts[choose(&logits, &mask(&[1, 3, 4]), 1.0, &mut draws).unwrap() as usize] += 1;
        }
        assert_eq!(counts[1] + counts[3], 2000, "nothing else: {counts:?}");
        let share = f64::from(counts[3]) / 2000.0;
        assert!((share - 0.622).abs() < 0.05, "e^1.5 to e^1 is 62 %, not {share}");
        assert_eq!(
            choose(&logits, &mask(&[4, 6]), 1.0, &mut draws),
            None,
            "no number among them"
        );
    }
}
