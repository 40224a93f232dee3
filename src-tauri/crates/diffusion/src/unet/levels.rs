//! The part of `unet/config.json` that says what is at each resolution.

use serde_json::{Value, json};

use crate::config::{Fields, check_size, per_block};
use crate::error::Result;

/// Most transformer blocks in a row; SDXL has ten.
const DEEPEST: usize = 64;

/// One resolution of the U-Net.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UNetLevel {
    /// Channels.
    pub channels: usize,
    /// Residual layers on the way down; one more on the way up.
    pub layers: usize,
    /// Whether the way down attends to the prompt at this resolution.
    pub attends_down: bool,
    /// Whether the way up does.
    pub attends_up: bool,
    /// Whether pixels attend to the prompt twice rather than to each other first.
    pub only_cross_attention: bool,
    /// Attention heads.
    pub heads: usize,
    /// Transformer blocks after each residual layer of the way down, where it attends.
    pub depths_down: Vec<usize>,
    /// The same for the way up.
    pub depths_up: Vec<usize>,
}

/// What is at the coarsest resolution, between the way down and the way up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MiddleBlock {
    /// Nothing.
    Absent,
    /// One residual layer.
    Residual,
    /// Two residual layers, and between them a transformer of so many blocks.
    Attention(usize),
}

/// Takes every field that describes blocks.
pub(super) fn read(fields: &mut Fields) -> Result<(Vec<UNetLevel>, MiddleBlock)> {
    let channels: Vec<usize> = fields.take_or("block_out_channels", vec![320, 640, 1280, 1280])?;
    check_size(fields, "block_out_channels", &channels, 1 << 14)?;
    let blocks = channels.len();
    if blocks == 0 || blocks > 8 {
        return Err(fields.error("block_out_channels", "must have between 1 and 8 entries"));
    }
    if !channels[0].is_multiple_of(2) {
        let reason = "must begin with an even number, for the time embedding";
        return Err(fields.error("block_out_channels", reason));
    }
    let default = |plain: usize| (0..blocks).map(|index| index != plain).collect::<Vec<_>>();
    let down = block_types(
        fields,
        "down_block_types",
        ["CrossAttnDownBlock2D", "DownBlock2D"],
    )?
    .unwrap_or_else(|| default(blocks - 1));
    let mut up = block_types(fields, "up_block_types", ["CrossAttnUpBlock2D", "UpBlock2D"])?
        .unwrap_or_else(|| default(0));
    up.reverse();
    for (field, types) in [("down_block_types", &down), ("up_block_types", &up)] {
        if types.len() != blocks {
            let reason = format!("must have {blocks} entries, as block_out_channels has");
            return Err(fields.error(field, reason));
        }
    }
    let layers = fields.take_or("layers_per_block", Value::from(2))?;
    let layers = per_block(fields, "layers_per_block", &layers, blocks)?;
    check_size(fields, "layers_per_block", &layers, 16)?;
    // For historical reasons `attention_head_dim` is the number of heads wherever `num_attention_heads` is absent.
    let head_dim = fields.take_or("attention_head_dim", Value::from(8))?;
    let heads = fields.take("num_attention_heads")?.unwrap_or(head_dim);
    let heads = per_block(fields, "attention_head_dim", &heads, blocks)?;
    let only_cross = only_cross_attention(fields, blocks)?;
    let depths = Depths::read(fields, &layers)?;
    let middle = middle(fields, depths.middle)?;
    let mut levels = Vec::with_capacity(blocks);
    for (index, (depths_down, depths_up)) in depths.down.into_iter().zip(depths.up).enumerate() {
        let (channels, heads) = (channels[index], heads[index]);
        let last_attends = index + 1 == blocks && matches!(middle, MiddleBlock::Attention(_));
        let attends = down[index] || up[index] || last_attends;
        if attends && !channels.is_multiple_of(heads) {
            let reason = format!("gives {heads} heads for {channels} channels, which does not divide");
            return Err(fields.error("attention_head_dim", reason));
        }
        levels.push(UNetLevel {
            channels,
            layers: layers[index],
            attends_down: down[index],
            attends_up: up[index],
            only_cross_attention: only_cross[index],
            heads,
            depths_down,
            depths_up,
        });
    }
    Ok((levels, middle))
}

/// Whether each block attends; `None` if the field is absent.
fn block_types(fields: &mut Fields, field: &str, known: [&str; 2]) -> Result<Option<Vec<bool>>> {
    let Some(types) = fields.take::<Vec<String>>(field)? else {
        return Ok(None);
    };
    let mut attends = Vec::with_capacity(types.len());
    for name in &types {
        if !known.contains(&name.as_str()) {
            let reason = format!(
                "names `{name}`; only `{}` and `{}` are supported",
                known[0], known[1]
            );
            return Err(fields.error(field, reason));
        }
        attends.push(name == known[0]);
    }
    Ok(Some(attends))
}

fn only_cross_attention(fields: &mut Fields, blocks: usize) -> Result<Vec<bool>> {
    let field = "only_cross_attention";
    let value = fields.take_or(field, Value::Bool(false))?;
    let all: Option<Vec<bool>> = match &value {
        Value::Array(values) => values.iter().map(Value::as_bool).collect(),
        one => one.as_bool().map(|one| vec![one; blocks]),
    };
    all.filter(|all| all.len() == blocks).ok_or_else(|| {
        fields.error(
            field,
            format!("is {value}, but must be true, false or {blocks} of them"),
        )
    })
}

/// A null is no default here: such models have no middle.
fn middle(fields: &mut Fields, depth: usize) -> Result<MiddleBlock> {
    let field = "mid_block_type";
    match fields.take_raw(field) {
        None => Ok(MiddleBlock::Attention(depth)),
        Some(Value::Null) => Ok(MiddleBlock::Absent),
        Some(Value::String(name)) if name == "UNetMidBlock2DCrossAttn" => Ok(MiddleBlock::Attention(depth)),
        Some(Value::String(name)) if name == "UNetMidBlock2D" => Ok(MiddleBlock::Residual),
        Some(other) => {
            let reason = format!(
                "is {other}; only `UNetMidBlock2DCrossAttn`, `UNetMidBlock2D` and null are supported"
            );
            Err(fields.error(field, reason))
        }
    }
}

/// How many transformer blocks follow each residual layer, finest level first.
struct Depths {
    down: Vec<Vec<usize>>,
    middle: usize,
    up: Vec<Vec<usize>>,
}

impl Depths {
    fn read(fields: &mut Fields, layers: &[usize]) -> Result<Self> {
        let (field, reverse) = (
            "transformer_layers_per_block",
            "reverse_transformer_layers_per_block",
        );
        let value = fields.take_or(field, Value::from(1))?;
        let down = nested(fields, field, &value, layers)?;
        let middle = down.last().and_then(|last| last.first().copied()).unwrap_or(1);
        let more: Vec<usize> = layers.iter().map(|layers| layers + 1).collect();
        let is_nested = value
            .as_array()
            .is_some_and(|blocks| blocks.iter().any(Value::is_array));
        let up = match fields.take::<Value>(reverse)? {
            None if is_nested => {
                let reason = format!("is missing, but a nested `{field}` says nothing of the way up");
                return Err(fields.error(reverse, reason));
            }
            None => nested(fields, field, &value, &more)?,
            Some(value) => {
                // Written for the way up, coarsest level first.
                let reversed: Vec<usize> = more.iter().rev().copied().collect();
                let mut up = nested(fields, reverse, &value, &reversed)?;
                up.reverse();
                up
            }
        };
        Ok(Self { down, middle, up })
    }
}

/// One number for all, one for each block, or one for each layer of each block.
fn nested(fields: &Fields, field: &str, value: &Value, layers: &[usize]) -> Result<Vec<Vec<usize>>> {
    let wrong = || {
        let reason = format!(
            "is {value}, but must be a number up to {DEEPEST}, {} of them, or lists of {layers:?} of them",
            layers.len()
        );
        fields.error(field, reason)
    };
    let number = |value: &Value| value.as_u64().map(|n| n as usize).filter(|n| *n <= DEEPEST);
    let block = |value: &Value, layers: usize| match value {
        Value::Array(values) if values.len() == layers => values.iter().map(number).collect(),
        Value::Array(_) => None,
        one => number(one).map(|depth| vec![depth; layers]),
    };
    let blocks: Option<Vec<Vec<usize>>> = match value {
        Value::Array(values) if values.len() == layers.len() => values
            .iter()
            .zip(layers)
            .map(|(value, layers)| block(value, *layers))
            .collect(),
        Value::Array(_) => None,
        one => layers.iter().map(|layers| block(one, *layers)).collect(),
    };
    blocks.ok_or_else(wrong)
}

/// Adds the same fields to the `config.json` that diffusers reads.
pub(super) fn write(levels: &[UNetLevel], middle: &MiddleBlock, json: &mut Value) {
    let list = |field: fn(&UNetLevel) -> usize| levels.iter().map(field).collect::<Vec<_>>();
    let type_name = |attends, with: &str, without: &str| (if attends { with } else { without }).to_owned();
    let down = |level: &UNetLevel| type_name(level.attends_down, "CrossAttnDownBlock2D", "DownBlock2D");
    let up = |level: &UNetLevel| type_name(level.attends_up, "CrossAttnUpBlock2D", "UpBlock2D");
    json["attention_head_dim"] = json!(list(|level| level.heads));
    json["block_out_channels"] = json!(list(|level| level.channels));
    json["layers_per_block"] = json!(list(|level| level.layers));
    json["down_block_types"] = json!(levels.iter().map(down).collect::<Vec<_>>());
    json["up_block_types"] = json!(levels.iter().rev().map(up).collect::<Vec<_>>());
    json["mid_block_type"] = match middle {
        MiddleBlock::Absent => Value::Null,
        MiddleBlock::Residual => "UNetMidBlock2D".into(),
        MiddleBlock::Attention(_) => "UNetMidBlock2DCrossAttn".into(),
    };
    if levels.iter().any(|level| level.only_cross_attention) {
        let all: Vec<bool> = levels.iter().map(|level| level.only_cross_attention).collect();
        json["only_cross_attention"] = json!(all);
    }
    let even = |level: &UNetLevel| {
        let depth = level.depths_down.first().copied()?;
        let mut all = level.depths_down.iter().chain(&level.depths_up);
        all.all(|other| *other == depth).then_some(depth)
    };
    if let Some(depths) = levels.iter().map(even).collect::<Option<Vec<_>>>() {
        json["transformer_layers_per_block"] = json!(depths);
    } else {
        let down: Vec<_> = levels.iter().map(|level| &level.depths_down).collect();
        let up: Vec<_> = levels.iter().rev().map(|level| &level.depths_up).collect();
        json["transformer_layers_per_block"] = json!(down);
        json["reverse_transformer_layers_per_block"] = json!(up);
    }
}
