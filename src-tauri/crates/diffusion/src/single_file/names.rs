//! The names of the original repositories (CompVis latent diffusion, `OpenCLIP`) and those of diffusers and transformers.
//!
//! A table is a map between the beginnings of names, cut at dots; what follows a beginning is the same on both sides.
//! The U-Net's table depends on how many levels and layers there are, which is read from the names themselves.

use std::collections::{BTreeMap, BTreeSet};

/// Beginnings of names on one side to those on the other.
pub(crate) type Table = BTreeMap<String, String>;

/// The same table read from the other side.
pub(crate) fn reversed(table: &Table) -> Table {
    table
        .iter()
        .map(|(from, to)| (to.clone(), from.clone()))
        .collect()
}

/// The name on the other side, by the longest beginning in the table; `None` where there is none.
pub(crate) fn renamed(table: &Table, name: &str) -> Option<String> {
    let ends = std::iter::once(name.len()).chain(name.rmatch_indices('.').map(|(end, _)| end));
    for end in ends {
        if let Some(beginning) = table.get(&name[..end]) {
            return Some(format!("{beginning}{}", &name[end..]));
        }
    }
    None
}

/// How many numbers from 0 on hold.
pub(crate) fn count(holds: impl Fn(usize) -> bool) -> usize {
    // No network has as many levels or layers.
    (0..1024).take_while(|index| holds(*index)).count()
}

/// Inside a residual layer of the U-Net.
const RESNET: [(&str, &str); 6] = [
    ("in_layers.0", "norm1"),
    ("in_layers.2", "conv1"),
    ("emb_layers.1", "time_emb_proj"),
    ("out_layers.0", "norm2"),
    ("out_layers.3", "conv2"),
    ("skip_connection", "conv_shortcut"),
];

/// One level of a U-Net.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Level {
    layers: usize,
    attends: bool,
    resamples: bool,
}

/// The levels of a U-Net, as far as names depend on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UNetLayout {
    down: Vec<Level>,
    up: Vec<Level>,
}

impl UNetLayout {
    /// From names of the original layout, without `model.diffusion_model`.
    pub fn of_original(names: &BTreeSet<&str>) -> Self {
        let has = |name: String| names.contains(name.as_str());
        let mut layout = Self::default();
        let mut level = Level::default();
        for index in 1.. {
            if has(format!("input_blocks.{index}.0.op.weight")) {
                level.resamples = true;
                layout.down.push(std::mem::take(&mut level));
            } else if has(format!("input_blocks.{index}.0.in_layers.0.weight")) {
                level.layers += 1;
                level.attends |= has(format!("input_blocks.{index}.1.norm.weight"));
            } else {
                break;
            }
        }
        layout.down.extend((level.layers > 0).then_some(level));
        let mut level = Level::default();
        for index in 0.. {
            if !has(format!("output_blocks.{index}.0.in_layers.0.weight")) {
                break;
            }
            level.layers += 1;
            level.attends |= has(format!("output_blocks.{index}.1.norm.weight"));
            level.resamples = [1, 2]
                .iter()
                .any(|part| has(format!("output_blocks.{index}.{part}.conv.weight")));
            if level.resamples {
                layout.up.push(std::mem::take(&mut level));
            }
        }
        layout.up.extend((level.layers > 0).then_some(level));
        layout
    }

    /// From names of diffusers.
    pub fn of_diffusers(names: &BTreeSet<&str>) -> Self {
        let has = |name: String| names.contains(name.as_str());
        let levels = |way: &str, resampler: &str| {
            let mut levels = Vec::new();
            for index in 0.. {
                let layers = count(|layer| has(format!("{way}.{index}.resnets.{layer}.norm1.weight")));
                if layers == 0 {
                    break;
                }
                levels.push(Level {
                    layers,
                    attends: has(format!("{way}.{index}.attentions.0.norm.weight")),
                    resamples: has(format!("{way}.{index}.{resampler}.0.conv.weight")),
                });
            }
            levels
        };
        Self {
            down: levels("down_blocks", "downsamplers"),
            up: levels("up_blocks", "upsamplers"),
        }
    }

    /// Original names to those of diffusers.
    pub fn table(&self) -> Table {
        let mut table: Table = [
            ("time_embed.0", "time_embedding.linear_1"),
            ("time_embed.2", "time_embedding.linear_2"),
            ("time_embed.cond_proj", "time_embedding.cond_proj"),
            ("label_emb.0.0", "add_embedding.linear_1"),
            ("label_emb.0.2", "add_embedding.linear_2"),
            ("input_blocks.0.0", "conv_in"),
            ("out.0", "conv_norm_out"),
            ("out.2", "conv_out"),
            ("middle_block.1", "mid_block.attentions.0"),
        ]
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
        .into();
        let mut resnet = |from: String, to: String| {
            for (inner_from, inner_to) in RESNET {
                table.insert(format!("{from}.{inner_from}"), format!("{to}.{inner_to}"));
            }
        };
        resnet("middle_block.0".to_owned(), "mid_block.resnets.0".to_owned());
        resnet("middle_block.2".to_owned(), "mid_block.resnets.1".to_owned());
        let mut others = Vec::new();
        let mut index = 1;
        for (at, level) in self.down.iter().enumerate() {
            for layer in 0..level.layers {
                resnet(
                    format!("input_blocks.{index}.0"),
                    format!("down_blocks.{at}.resnets.{layer}"),
                );
                others.push((
                    format!("input_blocks.{index}.1"),
                    format!("down_blocks.{at}.attentions.{layer}"),
                ));
                index += 1;
            }
            if level.resamples {
                others.push((
                    format!("input_blocks.{index}.0.op"),
                    format!("down_blocks.{at}.downsamplers.0.conv"),
                ));
                index += 1;
            }
        }
        let mut index = 0;
        for (at, level) in self.up.iter().enumerate() {
            for layer in 0..level.layers {
                resnet(
                    format!("output_blocks.{index}.0"),
                    format!("up_blocks.{at}.resnets.{layer}"),
                );
                if level.attends {
                    others.push((
                        format!("output_blocks.{index}.1"),
                        format!("up_blocks.{at}.attentions.{layer}"),
                    ));
                }
                index += 1;
            }
            if level.resamples {
                let place = if level.attends { 2 } else { 1 };
                others.push((
                    format!("output_blocks.{}.{place}.conv", index - 1),
                    format!("up_blocks.{at}.upsamplers.0.conv"),
                ));
            }
        }
        table.extend(others);
        table
    }
}

/// The VAE's original names (without `first_stage_model`) to those of diffusers, for `levels` resolutions.
pub(crate) fn vae(levels: usize) -> Table {
    let mut table: Table = [
        ("quant_conv", "quant_conv"),
        ("post_quant_conv", "post_quant_conv"),
    ]
    .map(|(from, to)| (from.to_owned(), to.to_owned()))
    .into();
    for coder in ["encoder", "decoder"] {
        let pairs = [
            ("conv_in", "conv_in"),
            ("conv_out", "conv_out"),
            ("norm_out", "conv_norm_out"),
            ("mid.attn_1.norm", "mid_block.attentions.0.group_norm"),
            ("mid.attn_1.q", "mid_block.attentions.0.to_q"),
            ("mid.attn_1.k", "mid_block.attentions.0.to_k"),
            ("mid.attn_1.v", "mid_block.attentions.0.to_v"),
            ("mid.attn_1.proj_out", "mid_block.attentions.0.to_out.0"),
        ];
        for (from, to) in pairs {
            table.insert(format!("{coder}.{from}"), format!("{coder}.{to}"));
        }
        let (way, blocks, resample, resampler) = match coder {
            "encoder" => ("down", "down_blocks", "downsample", "downsamplers.0"),
            _ => ("up", "up_blocks", "upsample", "upsamplers.0"),
        };
        let mut resnets = vec![
            (
                format!("{coder}.mid.block_1"),
                format!("{coder}.mid_block.resnets.0"),
            ),
            (
                format!("{coder}.mid.block_2"),
                format!("{coder}.mid_block.resnets.1"),
            ),
        ];
        for level in 0..levels {
            // The decoder's levels are counted from the finest in one and from the coarsest in the other.
            let at = if coder == "encoder" {
                level
            } else {
                levels - 1 - level
            };
            // No VAE of these families has as many layers; the surplus matches nothing.
            resnets.extend((0..8).map(|layer| {
                (
                    format!("{coder}.{way}.{level}.block.{layer}"),
                    format!("{coder}.{blocks}.{at}.resnets.{layer}"),
                )
            }));
            table.insert(
                format!("{coder}.{way}.{level}.{resample}"),
                format!("{coder}.{blocks}.{at}.{resampler}"),
            );
        }
        for (from, to) in resnets {
            for inner in ["norm1", "conv1", "norm2", "conv2"] {
                table.insert(format!("{from}.{inner}"), format!("{to}.{inner}"));
            }
            table.insert(format!("{from}.nin_shortcut"), format!("{to}.conv_shortcut"));
            // Files written with the names of diffusers inside are not rare.
            table.insert(format!("{from}.conv_shortcut"), format!("{to}.conv_shortcut"));
        }
    }
    table
}

/// What becomes of one tensor of an `OpenCLIP` text tower.
pub(crate) enum Tower {
    /// It has this name in transformers.
    Whole(String),
    /// Query, key and value in one; their names.
    Fused([String; 3]),
    /// A matrix that transformers stores the other way round.
    Transposed(String),
    /// Nothing asks for it.
    Unused,
}

/// `OpenCLIP`'s text tower (names without the tower's own prefix) to transformers; the first `layers` layers.
pub(crate) fn open_clip(name: &str, layers: usize) -> Option<Tower> {
    let whole = |name: &str| Some(Tower::Whole(format!("text_model.{name}")));
    if let Some(rest) = name.strip_prefix("transformer.resblocks.") {
        let (layer, inner) = rest.split_once('.')?;
        if layer.parse::<usize>().ok()? >= layers {
            return Some(Tower::Unused);
        }
        let target = |inner: &str| format!("text_model.encoder.layers.{layer}.{inner}");
        let fused = |ending: &str| {
            Tower::Fused(["q", "k", "v"].map(|letter| target(&format!("self_attn.{letter}_proj.{ending}"))))
        };
        return Some(match inner {
            "attn.in_proj_weight" => fused("weight"),
            "attn.in_proj_bias" => fused("bias"),
            _ => {
                let (module, ending) = inner.rsplit_once('.')?;
                let module = match module {
                    "ln_1" => "layer_norm1",
                    "ln_2" => "layer_norm2",
                    "mlp.c_fc" => "mlp.fc1",
                    "mlp.c_proj" => "mlp.fc2",
                    "attn.out_proj" => "self_attn.out_proj",
                    _ => return None,
                };
                Tower::Whole(target(&format!("{module}.{ending}")))
            }
        });
    }
    match name {
        "token_embedding.weight" => whole("embeddings.token_embedding.weight"),
        "positional_embedding" => whole("embeddings.position_embedding.weight"),
        "ln_final.weight" => whole("final_layer_norm.weight"),
        "ln_final.bias" => whole("final_layer_norm.bias"),
        "text_projection" => Some(Tower::Transposed("text_projection.weight".to_owned())),
        "text_projection.weight" => Some(Tower::Whole("text_projection.weight".to_owned())),
        "logit_scale" | "attn_mask" => Some(Tower::Unused),
        _ => None,
    }
}
