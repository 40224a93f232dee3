//! Configurations and weights that are wrong: nothing may panic or be overlooked, and every refusal names what is wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{Device, Tensor};
use salon_diffusion::unet::MiddleBlock;
use salon_diffusion::{AutoencoderKl, UNet, UNetConfig, VaeConfig, Weights};
use serde_json::{Value, json};

const NETWORK: &str = "diffusion_pytorch_model.safetensors";

fn part(family: &str, part: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden")
        .join(family)
        .join(part)
}

fn config(family: &str, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(part(family, name).join("config.json")).unwrap()).unwrap()
}

fn with(family: &str, name: &str, changes: &[(&str, Value)]) -> Value {
    let mut json = config(family, name);
    for (field, value) in changes {
        json[*field] = value.clone();
    }
    json
}

fn without(family: &str, name: &str, field: &str) -> Value {
    let mut json = config(family, name);
    json.as_object_mut()
        .unwrap()
        .remove(field)
        .expect("the field is there");
    json
}

#[test]
fn unets_that_are_not_understood_are_refused_by_field() {
    let huge = json!(1_u64 << 60);
    for (family, field, value) in [
        ("sd2", "_class_name", json!("UNet2DModel")),
        ("sd2", "act_fn", json!("mish")),
        ("sd2", "attention_head_dim", json!(7)),
        ("sd2", "attention_head_dim", json!([1, 2])),
        ("sd2", "attention_head_dim", json!(0)),
        ("sd2", "attention_head_dim", huge.clone()),
        ("sd2", "attention_type", json!("gated")),
        ("sd2", "block_out_channels", json!([])),
        ("sd2", "block_out_channels", json!([7, 12, 16])),
        ("sd2", "block_out_channels", json!([8, 12, huge])),
        ("sd2", "block_out_channels", json!(vec![8; 9])),
        ("sd2", "class_embed_type", json!("projection")),
        ("sd2", "class_embeddings_concat", json!(true)),
        ("sd2", "conv_in_kernel", json!(1)),
        ("sd2", "conv_out_kernel", json!(5)),
        ("sd2", "cross_attention_dim", Value::Null),
        ("sd2", "cross_attention_dim", json!([16, 16, 20])),
        ("sd2", "cross_attention_dim", json!([])),
        ("sd2", "cross_attention_dim", huge.clone()),
        ("sd2", "cross_attention_norm", json!("layer_norm")),
        ("sd2", "down_block_types", json!(["DownBlock2D"])),
        (
            "sd2",
            "down_block_types",
            json!(["AttnDownBlock2D", "DownBlock2D", "DownBlock2D"]),
        ),
        ("sd2", "downsample_padding", json!(0)),
        ("sd2", "dual_cross_attention", json!(true)),
        ("sd2", "encoder_hid_dim", json!(1024)),
        ("sd2", "encoder_hid_dim_type", json!("text_proj")),
        ("sd2", "freq_shift", json!(-1)),
        ("sd2", "freq_shift", json!(4)),
        ("sd2", "in_channels", json!(0)),
        ("sd2", "in_channels", huge.clone()),
        ("sd2", "layers_per_block", json!(-1)),
        ("sd2", "layers_per_block", json!(17)),
        ("sd2", "layers_per_block", json!([1, 1])),
        ("sd2", "mid_block_only_cross_attention", json!(true)),
        ("sd2", "mid_block_scale_factor", json!(2)),
        ("sd2", "mid_block_type", json!("UNetMidBlock2DSimpleCrossAttn")),
        ("sd2", "norm_eps", json!(0)),
        ("sd2", "norm_eps", json!("small")),
        ("sd2", "norm_num_groups", Value::Null),
        ("sd2", "norm_num_groups", json!(0)),
        ("sd2", "norm_num_groups", json!(3)),
        ("sd2", "num_class_embeds", json!(1000)),
        ("sd2", "only_cross_attention", json!([true])),
        ("sd2", "only_cross_attention", json!("yes")),
        ("sd2", "out_channels", json!(1.5)),
        ("sd2", "resnet_out_scale_factor", json!(0.5)),
        ("sd2", "resnet_skip_time_act", json!(true)),
        ("sd2", "resnet_time_scale_shift", json!("ada_group")),
        ("sd2", "sample_size", json!(0)),
        ("sd2", "sample_size", huge.clone()),
        ("sd2", "time_embedding_act_fn", json!("silu")),
        ("sd2", "time_embedding_dim", huge.clone()),
        ("sd2", "time_embedding_type", json!("fourier")),
        ("sd2", "timestep_post_act", json!("silu")),
        ("sd2", "transformer_layers_per_block", json!(65)),
        ("sd2", "transformer_layers_per_block", json!([1, 1])),
        ("sd2", "transformer_layers_per_block", json!([[1, 1], 1, 1])),
        (
            "sd2",
            "up_block_types",
            json!(["UpBlock2D", "UpBlock2D", "AttnUpBlock2D"]),
        ),
        ("sd2", "a_field_of_next_year", json!("something")),
        ("sdxl", "addition_embed_type", json!("image")),
        ("sdxl", "addition_time_embed_dim", json!(7)),
        ("sdxl", "addition_time_embed_dim", Value::Null),
        ("sdxl", "projection_class_embeddings_input_dim", Value::Null),
        ("sdxl", "projection_class_embeddings_input_dim", huge.clone()),
        ("pruned", "reverse_transformer_layers_per_block", Value::Null),
        (
            "pruned",
            "reverse_transformer_layers_per_block",
            json!([[1], [2, 1, 3], 1]),
        ),
        ("lcm", "time_cond_proj_dim", json!(0)),
        ("lcm", "time_cond_proj_dim", json!([256])),
    ] {
        let refused = UNetConfig::from_json(&with(family, "unet", &[(field, value.clone())]));
        let message = refused
            .expect_err(&format!("{field}: {value} must be refused"))
            .to_string();
        assert!(message.contains(field), "`{message}` should name {field}");
    }
    assert!(
        UNetConfig::from_json(&json!([])).is_err(),
        "a list is no configuration"
    );
}

#[test]
fn vaes_that_are_not_understood_are_refused_by_field() {
    let huge = json!(1_u64 << 60);
    for (field, value) in [
        ("_class_name", json!("AutoencoderTiny")),
        ("act_fn", json!("relu")),
        ("block_out_channels", json!([])),
        ("block_out_channels", json!([4, huge])),
        (
            "down_block_types",
            json!(["AttnDownEncoderBlock2D", "DownEncoderBlock2D"]),
        ),
        ("in_channels", json!(0)),
        ("latent_channels", huge.clone()),
        ("latents_mean", Value::Null),
        ("latents_mean", json!([0.0])),
        ("latents_std", Value::Null),
        ("latents_std", json!([1.0, 1.0, 0.0, 1.0])),
        ("layers_per_block", json!(0)),
        ("norm_num_groups", json!(3)),
        ("sample_size", json!("large")),
        ("scaling_factor", json!(0)),
        ("shift_factor", json!(0.1)),
        ("up_block_types", json!(["UpDecoderBlock2D"])),
        ("a_field_of_next_year", json!({"a": 1})),
    ] {
        let refused = VaeConfig::from_json(&with("unusual", "vae", &[(field, value.clone())]));
        let message = refused
            .expect_err(&format!("{field}: {value} must be refused"))
            .to_string();
        assert!(message.contains(field), "`{message}` should name {field}");
    }
}

#[test]
fn what_a_model_leaves_out_is_what_diffusers_leaves_out() {
    let read = |json: &Value| UNetConfig::from_json(json).unwrap();
    let sd2 = read(&config("sd2", "unet"));
    assert_eq!(sd2.middle, MiddleBlock::Attention(1));
    let absent = read(&without("sd2", "unet", "mid_block_type"));
    assert_eq!(absent, sd2, "without the field, the middle attends");
    let null = read(&with("sd2", "unet", &[("mid_block_type", Value::Null)]));
    assert_eq!(
        null.middle,
        MiddleBlock::Absent,
        "with a null, there is no middle"
    );
    let heads = [
        ("num_attention_heads", json!([2, 2, 2])),
        ("attention_head_dim", json!(5)),
    ];
    let heads = read(&with("sd2", "unet", &heads));
    assert_eq!(heads.levels[0].heads, 2, "a number of heads is a number of heads");
    let sides = read(&with("sd2", "unet", &[("sample_size", json!([96, 64]))]));
    assert_eq!(sides.sample_size, 96);
    let upcast = read(&with("sd2", "unet", &[("upcast_attention", json!(true))]));
    assert!(
        upcast.upcast_attention && !sd2.upcast_attention,
        "what leaves f16 is computed in f32"
    );
    // Written by every model, with an effect in none of these.
    for (field, value) in [
        ("dropout", json!(0.1)),
        ("addition_embed_type_num_heads", json!(64)),
        ("projection_class_embeddings_input_dim", json!(2816)),
        ("_name_or_path", json!("somewhere")),
        ("class_embeddings_concat", json!(false)),
    ] {
        assert_eq!(
            read(&with("sd2", "unet", &[(field, value)])),
            sd2,
            "{field} changes nothing"
        );
    }
}

/// Values that stand in no sensible configuration.
fn nonsense() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(0),
        json!(1e300),
        json!(1_u64 << 63),
        json!("nonsense"),
        json!([]),
        json!([[], [[1]]]),
        json!({"a": []}),
        json!(vec![1; 1000]),
    ]
}

#[test]
fn nonsense_in_any_field_is_an_error_or_harmless_but_never_a_panic() {
    for family in ["sdxl", "lcm", "pruned", "unusual"] {
        let weights = Weights::inspect(&[part(family, "unet").join(NETWORK)]).unwrap();
        for field in config(family, "unet").as_object().unwrap().keys() {
            for value in nonsense() {
                let json = with(family, "unet", &[(field, value)]);
                if let Ok(config) = UNetConfig::from_json(&json) {
                    // Whatever is read as a configuration is held against the weights.
                    let _ = UNet::new(config, &weights);
                }
            }
        }
    }
    let weights = Weights::inspect(&[part("unusual", "vae").join(NETWORK)]).unwrap();
    for field in config("unusual", "vae").as_object().unwrap().keys() {
        for value in nonsense() {
            if let Ok(config) = VaeConfig::from_json(&with("unusual", "vae", &[(field, value)])) {
                let _ = AutoencoderKl::new(config, &weights);
            }
        }
    }
}

fn tensors(family: &str, name: &str) -> BTreeMap<String, Tensor> {
    let all = candle_core::safetensors::load(part(family, name).join(NETWORK), &Device::Cpu).unwrap();
    all.into_iter().collect()
}

#[test]
fn every_tensor_that_is_missing_or_misshapen_is_named() {
    for (family, name) in [
        ("sdxl", "unet"),
        ("lcm", "unet"),
        ("unusual", "unet"),
        ("sdxl", "vae"),
    ] {
        let json = config(family, name);
        let refusal = |tensors: BTreeMap<String, Tensor>| {
            let weights = Weights::from_tensors(tensors, &Device::Cpu);
            let fault = if name == "unet" {
                UNet::new(UNetConfig::from_json(&json).unwrap(), &weights).err()
            } else {
                AutoencoderKl::new(VaeConfig::from_json(&json).unwrap(), &weights).err()
            };
            fault.expect("must be refused").to_string()
        };
        let good = tensors(family, name);
        for missing in good.keys() {
            let mut bad = good.clone();
            let tensor = bad.remove(missing).unwrap();
            let message = refusal(bad.clone());
            assert!(
                message.contains(missing.as_str()),
                "`{message}` should name {missing}"
            );
            let wider = Tensor::cat(&[&tensor, &tensor], 0).unwrap();
            bad.insert(missing.clone(), wider.clone());
            let message = refusal(bad);
            let shape = format!("{:?}", wider.dims());
            assert!(
                message.contains(missing.as_str()) && message.contains(&shape),
                "`{message}` should name {missing} and {shape}"
            );
        }
    }
}
