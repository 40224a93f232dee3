//! The keys of LoRA files: which module of which network they belong to, and what they are to it.
//!
//! Trainers write the same thing in a dozen ways: `lora_unet_mid_block_attentions_0_…_to_q.lora_down.weight` (kohya),
//! `unet.mid_block.attentions.0.….to_q.lora_A.weight` (PEFT, diffusers), `….processor.to_q_lora.down.weight` (diffusers
//! before 0.22). Written with underscores for dots, and without prefix and role, they all name the module alike.

use crate::weights::Part;

/// What a tensor is to its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// [rank, in (, k, k)], or [rank, in, 1, 1] where there is a `Mid`.
    Down,
    /// [out, rank (, 1, 1)].
    Up,
    /// The core of a Tucker decomposition [rank, rank, k, k].
    Mid,
    /// The scale times the rank; one number.
    Alpha,
    /// `LoHa`: the first product.
    HadaFirst(Factor),
    /// `LoHa`: the second product.
    HadaSecond(Factor),
    /// `LoKr`: the outer matrix.
    KronFirst(Factor),
    /// `LoKr`: the inner matrix.
    KronSecond(Factor),
    /// The whole change of the weight.
    Difference,
    /// The whole change of the bias.
    BiasDifference,
    /// Magnitudes of `DoRA`.
    Magnitude,
    /// Something that changes weights in a way that is not built here, by name.
    Unknown(&'static str),
}

/// Which factor of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Factor {
    /// The product itself.
    Whole,
    A,
    B,
    /// The core of a Tucker decomposition.
    Core,
}

/// How the keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoraFormat {
    /// kohya's trainer and everything that follows it: `lora_unet_….lora_down.weight`.
    Kohya,
    /// Diffusers: `unet.….lora.down.weight`, or attention processors.
    Diffusers,
    /// PEFT: `….lora_A.weight`.
    Peft,
    /// `LyCORIS`' Hadamard product.
    LoHa,
    /// `LyCORIS`' Kronecker product.
    LoKr,
    /// Whole differences.
    Difference,
}

impl LoraFormat {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kohya => "LoRA (kohya)",
            Self::Diffusers => "LoRA (diffusers)",
            Self::Peft => "LoRA (PEFT)",
            Self::LoHa => "LoHa (LyCORIS)",
            Self::LoKr => "LoKr (LyCORIS)",
            Self::Difference => "full difference",
        }
    }
}

/// One key, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// `None` if no prefix tells: another kind of model.
    pub part: Option<Part>,
    /// With underscores between the levels.
    pub module: String,
    pub role: Role,
    pub format: LoraFormat,
}

/// Endings and what they say; the longer of two that match comes first.
const ROLES: &[(&str, Role, LoraFormat)] = &[
    (
        ".lora_linear_layer.down.weight",
        Role::Down,
        LoraFormat::Diffusers,
    ),
    (".lora_linear_layer.up.weight", Role::Up, LoraFormat::Diffusers),
    ("_lora.down.weight", Role::Down, LoraFormat::Diffusers),
    ("_lora.up.weight", Role::Up, LoraFormat::Diffusers),
    (".lora.down.weight", Role::Down, LoraFormat::Diffusers),
    (".lora.up.weight", Role::Up, LoraFormat::Diffusers),
    (".lora_A.weight", Role::Down, LoraFormat::Peft),
    (".lora_B.weight", Role::Up, LoraFormat::Peft),
    (".lora_A.default.weight", Role::Down, LoraFormat::Peft),
    (".lora_B.default.weight", Role::Up, LoraFormat::Peft),
    (".lora_B.bias", Role::Unknown("lora_B.bias"), LoraFormat::Peft),
    (".lora_magnitude_vector", Role::Magnitude, LoraFormat::Peft),
    (".lora_magnitude_vector.weight", Role::Magnitude, LoraFormat::Peft),
    (".lora_down.weight", Role::Down, LoraFormat::Kohya),
    (".lora_up.weight", Role::Up, LoraFormat::Kohya),
    (".lora_mid.weight", Role::Mid, LoraFormat::Kohya),
    (".alpha", Role::Alpha, LoraFormat::Kohya),
    (".hada_w1_a", Role::HadaFirst(Factor::A), LoraFormat::LoHa),
    (".hada_w1_b", Role::HadaFirst(Factor::B), LoraFormat::LoHa),
    (".hada_t1", Role::HadaFirst(Factor::Core), LoraFormat::LoHa),
    (".hada_w2_a", Role::HadaSecond(Factor::A), LoraFormat::LoHa),
    (".hada_w2_b", Role::HadaSecond(Factor::B), LoraFormat::LoHa),
    (".hada_t2", Role::HadaSecond(Factor::Core), LoraFormat::LoHa),
    (".lokr_w1", Role::KronFirst(Factor::Whole), LoraFormat::LoKr),
    (".lokr_w1_a", Role::KronFirst(Factor::A), LoraFormat::LoKr),
    (".lokr_w1_b", Role::KronFirst(Factor::B), LoraFormat::LoKr),
    (".lokr_w2", Role::KronSecond(Factor::Whole), LoraFormat::LoKr),
    (".lokr_w2_a", Role::KronSecond(Factor::A), LoraFormat::LoKr),
    (".lokr_w2_b", Role::KronSecond(Factor::B), LoraFormat::LoKr),
    (".lokr_t2", Role::KronSecond(Factor::Core), LoraFormat::LoKr),
    (".diff", Role::Difference, LoraFormat::Difference),
    (".diff_b", Role::BiasDifference, LoraFormat::Difference),
    (".w_norm", Role::Difference, LoraFormat::Difference),
    (".b_norm", Role::BiasDifference, LoraFormat::Difference),
    (".dora_scale", Role::Magnitude, LoraFormat::Kohya),
    (".oft_blocks", Role::Unknown("oft_blocks"), LoraFormat::Kohya),
    (".oft_diag", Role::Unknown("oft_diag"), LoraFormat::Kohya),
    (".lora_up.bias", Role::Unknown("lora_up.bias"), LoraFormat::Kohya),
];

/// Beginnings, underscored, and the network they mean. Where none stands, a U-Net's or a text encoder's own first level
/// tells.
const PARTS: &[(&str, Part)] = &[
    ("lora_unet_", Part::UNet),
    ("lycoris_unet_", Part::UNet),
    ("lora_te1_", Part::TextEncoder),
    ("lora_te2_", Part::TextEncoder2),
    ("lora_te_", Part::TextEncoder),
    ("text_encoder_2_", Part::TextEncoder2),
    ("text_encoder_", Part::TextEncoder),
    ("unet_", Part::UNet),
    ("model_diffusion_model_", Part::UNet),
    ("diffusion_model_", Part::UNet),
    ("lycoris_", Part::UNet),
];

/// First levels of a network's own names.
const LEVELS: &[(&str, Part)] = &[
    ("down_blocks_", Part::UNet),
    ("mid_block_", Part::UNet),
    ("up_blocks_", Part::UNet),
    ("input_blocks_", Part::UNet),
    ("middle_block_", Part::UNet),
    ("output_blocks_", Part::UNet),
    ("text_model_", Part::TextEncoder),
];

impl Key {
    /// `None` for a key that no LoRA is written with.
    pub fn parse(key: &str) -> Option<Self> {
        let (ending, role, format) = ROLES.iter().find(|(ending, ..)| key.ends_with(ending))?;
        let module = key[..key.len() - ending.len()]
            .replace(".processor", "")
            .replace('.', "_");
        let module = module.strip_prefix("base_model_model_").unwrap_or(&module);
        let prefixed = PARTS
            .iter()
            .find_map(|(prefix, part)| Some((*part, module.strip_prefix(prefix)?)));
        let (part, module) = match prefixed {
            Some((part, rest)) => (Some(part), rest),
            None => (
                LEVELS
                    .iter()
                    .find(|(level, _)| module.starts_with(level))
                    .map(|(_, part)| *part),
                module,
            ),
        };
        let module = match part {
            Some(Part::TextEncoder | Part::TextEncoder2) => {
                module.strip_prefix("text_model_").unwrap_or(module)
            }
            _ => module,
        };
        Some(Self {
            part,
            module: module.to_owned(),
            role: *role,
            format: *format,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_names_the_same_module() {
        let module = "down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";
        let path = "down_blocks.0.attentions.0.transformer_blocks.0.attn1";
        for key in [
            format!("lora_unet_{module}.lora_down.weight"),
            format!("unet.{path}.to_q.lora_A.weight"),
            format!("unet.{path}.to_q.lora.down.weight"),
            format!("base_model.model.{path}.to_q.lora_A.default.weight"),
            format!("base_model.model.unet.{path}.to_q.lora_A.weight"),
            format!("{path}.processor.to_q_lora.down.weight"),
            format!("unet.{path}.processor.to_q_lora.down.weight"),
        ] {
            let parsed = Key::parse(&key).unwrap();
            assert_eq!(
                (parsed.part, parsed.module.as_str(), parsed.role),
                (Some(Part::UNet), module, Role::Down),
                "{key}"
            );
        }
        let module = "encoder_layers_0_self_attn_q_proj";
        for (key, part) in [
            (
                "lora_te_text_model_encoder_layers_0_self_attn_q_proj.alpha",
                Part::TextEncoder,
            ),
            (
                "lora_te1_text_model_encoder_layers_0_self_attn_q_proj.alpha",
                Part::TextEncoder,
            ),
            (
                "lora_te2_text_model_encoder_layers_0_self_attn_q_proj.alpha",
                Part::TextEncoder2,
            ),
            (
                "text_encoder.text_model.encoder.layers.0.self_attn.q_proj.alpha",
                Part::TextEncoder,
            ),
            (
                "text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj.alpha",
                Part::TextEncoder2,
            ),
        ] {
            let parsed = Key::parse(key).unwrap();
            assert_eq!(
                (parsed.part, parsed.module.as_str()),
                (Some(part), module),
                "{key}"
            );
        }
    }

    #[test]
    fn what_is_no_lora_is_no_key() {
        for key in [
            "conv_in.weight",
            "emb_params",
            "string_to_param.*",
            "quant_conv.bias",
        ] {
            assert_eq!(Key::parse(key), None, "{key}");
        }
    }
}
