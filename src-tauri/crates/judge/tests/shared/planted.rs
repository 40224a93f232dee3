//! A curator whose taste is known: embeddings with a power-law spectrum, and a linear taste with noise.

use salon_domain::{CandidateId, Draws};
use salon_judge::taste::{Features, Space, Subject};

/// Draws, and what is made of them.
pub struct Numbers(pub Draws);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(Draws::new(seed))
    }

    pub fn uniform(&mut self) -> f64 {
        ((self.0.draw() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    pub fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..count).collect();
        self.0.shuffle(&mut places);
        places
    }
}

pub struct Planted {
    pub embeddings: Vec<Vec<f32>>,
    pub technical: Vec<[f32; 4]>,
    /// What a perfect judge would know, standardised.
    pub utility: Vec<f64>,
    /// What the curator said.
    pub accepted: Vec<bool>,
}

impl Planted {
    /// `share` of the pictures is accepted; `sharpness` turns utility into chances: 2.6 gives a perfect judge an area under the
    /// curve of about .906, and 1.8 one of about .85.
    pub fn new(count: usize, dimension: usize, sharpness: f64, share: f64, seed: u64) -> Self {
        let mut numbers = Numbers::new(seed);
        let scales: Vec<f64> = (1..=dimension).map(|place| (place as f64).powf(-0.75)).collect();
        let taste: Vec<f64> = (0..dimension).map(|_| numbers.normal()).collect();
        let mut embeddings = Vec::with_capacity(count);
        let mut utility = Vec::with_capacity(count);
        for _ in 0..count {
            let embedding: Vec<f64> = scales.iter().map(|scale| scale * numbers.normal()).collect();
            utility.push(embedding.iter().zip(&taste).map(|(x, w)| x * w).sum::<f64>());
            embeddings.push(embedding.into_iter().map(|x| x as f32).collect());
        }
        let mean = utility.iter().sum::<f64>() / count as f64;
        let deviation = (utility.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / count as f64).sqrt();
        for value in &mut utility {
            *value = (*value - mean) / deviation;
        }
        let chances = |threshold: f64| -> Vec<f64> {
            let chance = |u: &f64| 1.0 / (1.0 + (-sharpness * (u - threshold)).exp());
            utility.iter().map(chance).collect()
        };
        let (mut low, mut high) = (-4.0, 4.0);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            let accepted = chances(middle).iter().sum::<f64>() / count as f64;
            (low, high) = if accepted > share {
                (middle, high)
            } else {
                (low, middle)
            };
        }
        let accepted = chances(low)
            .iter()
            .map(|chance| numbers.uniform() < *chance)
            .collect();
        let technical = (0..count)
            .map(|_| std::array::from_fn(|_| (3.0 + 2.0 * numbers.normal()) as f32))
            .collect();
        Self {
            embeddings,
            technical,
            utility,
            accepted,
        }
    }

    pub fn subjects(&self) -> Vec<Subject<'_>> {
        let subject = |place: usize| Subject {
            id: CandidateId(place as i64),
            embedding: &self.embeddings[place],
            technical: &self.technical[place],
            generic: None,
        };
        (0..self.embeddings.len()).map(subject).collect()
    }

    pub fn space(&self) -> (Space, Features) {
        let space = Space::fit(&self.subjects()).expect("planted pictures have a space");
        let features = space
            .table(&self.subjects())
            .expect("planted pictures have features");
        (space, features)
    }
}
