//! Families of models, as far as tensors give them away.

use std::fmt;

/// Which models a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Stable Diffusion 1.x.
    StableDiffusion1,
    /// Stable Diffusion 2.x.
    StableDiffusion2,
    /// SDXL base, and what is distilled from it (Turbo, Lightning, LCM).
    StableDiffusionXl,
    /// The refiner of SDXL.
    StableDiffusionXlRefiner,
    /// Built like one of them, with a text width of its own.
    Custom,
    /// A model that cannot be used here, by its name.
    Foreign(&'static str),
}

impl Family {
    /// By the width of the vectors that a U-Net attends to.
    pub fn of_width(cross_attention_dim: usize) -> Self {
        match cross_attention_dim {
            768 => Self::StableDiffusion1,
            1024 => Self::StableDiffusion2,
            2048 => Self::StableDiffusionXl,
            1280 => Self::StableDiffusionXlRefiner,
            _ => Self::Custom,
        }
    }

    /// By what trainers write into the metadata (`ss_base_model_version`, `modelspec.architecture`).
    pub(crate) fn of_architecture(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let known = [
            ("refiner", Self::StableDiffusionXlRefiner),
            ("sdxl", Self::StableDiffusionXl),
            ("stable-diffusion-xl", Self::StableDiffusionXl),
            ("sd_v1", Self::StableDiffusion1),
            ("stable-diffusion-v1", Self::StableDiffusion1),
            ("sd_v2", Self::StableDiffusion2),
            ("stable-diffusion-v2", Self::StableDiffusion2),
            ("flux", Self::Foreign("Flux")),
            ("sd3", Self::Foreign("Stable Diffusion 3")),
            ("stable-diffusion-3", Self::Foreign("Stable Diffusion 3")),
            ("wan", Self::Foreign("Wan")),
            ("hunyuan", Self::Foreign("Hunyuan Video")),
            ("qwen", Self::Foreign("Qwen Image")),
        ];
        known
            .into_iter()
            .find(|(part, _)| name.contains(part))
            .map(|(_, family)| family)
    }

    /// Models of other kinds by parts of their tensor names, with dots or underscores between the levels.
    pub(crate) fn foreign(name: &str) -> Option<Self> {
        let name = name.replace('.', "_");
        let known = [
            ("double_blocks_", "Flux"),
            ("single_transformer_blocks_", "Flux"),
            ("joint_blocks_", "Stable Diffusion 3"),
            ("cap_embedder_", "Lumina"),
            ("adaLN_modulation", "a diffusion transformer"),
            ("cross_attn_", "Wan"),
            ("motion_modules_", "AnimateDiff"),
            ("control_model_", "ControlNet"),
            ("controlnet_", "ControlNet"),
            ("lora_transformer_", "a diffusion transformer"),
            ("transformer_transformer_blocks_", "a diffusion transformer"),
            ("add_q_proj", "a diffusion transformer"),
        ];
        known
            .into_iter()
            .find(|(part, _)| name.contains(part))
            .map(|(_, name)| Self::Foreign(name))
    }

    /// Side in pixels of the pictures that the family was trained on.
    pub fn native_side(self) -> usize {
        match self {
            Self::StableDiffusionXl | Self::StableDiffusionXlRefiner => 1024,
            _ => 512,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StableDiffusion1 => "Stable Diffusion 1",
            Self::StableDiffusion2 => "Stable Diffusion 2",
            Self::StableDiffusionXl => "SDXL",
            Self::StableDiffusionXlRefiner => "SDXL refiner",
            Self::Custom => "Stable Diffusion, custom",
            Self::Foreign(name) => name,
        })
    }
}
