//! The samplers that a recipe can name.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a picture is denoised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SamplerKind {
    /// Denoising diffusion implicit models, deterministic (η = 0). Song et al. 2020, arXiv:2010.02502.
    Ddim,
    /// Euler's method on the probability-flow ODE. Karras et al. 2022, arXiv:2206.00364, algorithm 2 without churn.
    Euler,
    /// Euler's method with fresh noise after every step, as k-diffusion does it.
    EulerAncestral,
    /// The second-order multistep DPM-Solver++. Lu et al. 2022, arXiv:2211.01095, algorithm 2.
    #[serde(rename = "dpmpp_2m")]
    DpmPlusPlus2M,
    /// The same on the noise levels of Karras et al. 2022, equation 5.
    #[serde(rename = "dpmpp_2m_karras")]
    DpmPlusPlus2MKarras,
    /// The unified predictor-corrector. Zhao et al. 2023, arXiv:2302.04867.
    #[serde(rename = "unipc")]
    UniPc,
    /// The sampler of latent consistency models. Luo et al. 2023, arXiv:2310.04378.
    Lcm,
}

impl SamplerKind {
    /// Every sampler, in the order menus show them.
    pub const ALL: [Self; 7] = [
        Self::Ddim,
        Self::Euler,
        Self::EulerAncestral,
        Self::DpmPlusPlus2M,
        Self::DpmPlusPlus2MKarras,
        Self::UniPc,
        Self::Lcm,
    ];

    /// The name people know.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ddim => "DDIM",
            Self::Euler => "Euler",
            Self::EulerAncestral => "Euler ancestral",
            Self::DpmPlusPlus2M => "DPM++ 2M",
            Self::DpmPlusPlus2MKarras => "DPM++ 2M Karras",
            Self::UniPc => "UniPC",
            Self::Lcm => "LCM",
        }
    }

    /// The word used in the database, on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ddim => "ddim",
            Self::Euler => "euler",
            Self::EulerAncestral => "euler_ancestral",
            Self::DpmPlusPlus2M => "dpmpp_2m",
            Self::DpmPlusPlus2MKarras => "dpmpp_2m_karras",
            Self::UniPc => "unipc",
            Self::Lcm => "lcm",
        }
    }

    /// Reads [`SamplerKind::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sampler| sampler.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_same_in_json_and_in_the_database() {
        for sampler in SamplerKind::ALL {
            let json = serde_json::to_value(sampler).unwrap();
            assert_eq!(json, sampler.word(), "one word per sampler");
            assert_eq!(SamplerKind::from_word(sampler.word()), Some(sampler), "and back");
        }
    }
}
