//! Every operation against its composed form in f64, against finite differences, and the networks made of them:
//! no parameter without a gradient, no picture that depends on its neighbours in the batch.

use candle_core::{DType, Device, Result, Tensor, Var};
use salon_diffusion::ops::{self, ConvShape};
use salon_diffusion::{
    AutoencoderKl, Conditioning, Init, TextEncoder, TextEncoderConfig, UNet, UNetConfig, VaeConfig, Weights,
};
use serde_json::json;

/// Normal numbers that depend on the name and the shape alone.
fn normal(name: &str, shape: &[usize]) -> Tensor {
    Weights::fresh(11, &Device::Cpu)
        .get(name, shape, Init::Normal(1.0))
        .unwrap()
        .detach()
}

fn scalar(x: &Tensor) -> f64 {
    x.to_dtype(DType::F64).unwrap().to_scalar().unwrap()
}

/// The largest difference, relative to the largest expected value.
fn difference(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.dims(), expected.dims());
    let (found, expected) = (
        found.to_dtype(DType::F64).unwrap(),
        expected.to_dtype(DType::F64).unwrap(),
    );
    let largest = |x: &Tensor| scalar(&x.abs().unwrap().flatten_all().unwrap().max(0).unwrap());
    largest(&(found - &expected).unwrap()) / largest(&expected).max(1e-3)
}

/// Checks `op` (kernels, f32) against itself in f64 (composed of candle's operations), and against finite differences.
fn check(name: &str, inputs: &[Tensor], op: impl Fn(&[Tensor]) -> Result<Tensor>) {
    let run = |dtype: DType| {
        let variables: Vec<Var> = inputs
            .iter()
            .map(|x| Var::from_tensor(&x.to_dtype(dtype).unwrap()).unwrap())
            .collect();
        let tensors: Vec<Tensor> = variables.iter().map(|x| x.as_tensor().clone()).collect();
        let y = op(&tensors).unwrap();
        // Weights make every element of the result count differently.
        let weights = normal(name, y.dims()).to_dtype(dtype).unwrap();
        let gradients = (&y * &weights).unwrap().sum_all().unwrap().backward().unwrap();
        let gradients: Vec<Tensor> = tensors
            .iter()
            .enumerate()
            .map(|(index, x)| {
                gradients
                    .get(x)
                    .unwrap_or_else(|| panic!("{name}: input {index} has no gradient"))
                    .clone()
            })
            .collect();
        (y.detach(), gradients)
    };
    let (y, gradients) = run(DType::F32);
    let (y_expected, expected) = run(DType::F64);
    let error = difference(&y, &y_expected);
    assert!(
        error < 2e-5,
        "{name}: the result differs by {error} from the composed operation"
    );
    for (index, (gradient, expected)) in gradients.iter().zip(&expected).enumerate() {
        let error = difference(gradient, expected);
        assert!(
            error < 5e-5,
            "{name}: the gradient of input {index} differs by {error} from the composed one"
        );
    }

    // Along a random direction, the loss must change as the gradients say. Computed in f64 on the composed form for
    // the slope's sake; the gradient is the kernel's.
    let loss = |step: f64| {
        let moved: Vec<Tensor> = inputs
            .iter()
            .enumerate()
            .map(|(index, x)| {
                let direction = normal(&format!("{name}{index}"), x.dims())
                    .to_dtype(DType::F64)
                    .unwrap();
                (x.to_dtype(DType::F64).unwrap() + (direction * step).unwrap()).unwrap()
            })
            .collect();
        let y = op(&moved).unwrap();
        scalar(
            &(&y * normal(name, y.dims()).to_dtype(DType::F64).unwrap())
                .unwrap()
                .sum_all()
                .unwrap(),
        )
    };
    let step = 1e-5;
    let slope = (loss(step) - loss(-step)) / (2.0 * step);
    let predicted: f64 = gradients
        .iter()
        .enumerate()
        .map(|(index, gradient)| {
            let direction = normal(&format!("{name}{index}"), gradient.dims());
            scalar(&(gradient * direction).unwrap().sum_all().unwrap())
        })
        .sum();
    let size: f64 = gradients
        .iter()
        .map(|g| scalar(&g.sqr().unwrap().sum_all().unwrap()))
        .sum::<f64>()
        .sqrt();
    assert!(
        (slope - predicted).abs() < 1e-3 * size.max(1.0),
        "{name}: finite differences give {slope}, the gradients {predicted}"
    );
}

#[test]
fn convolutions() {
    // Channels, sides and batches that are no multiples of anything; every padding and stride that the networks use.
    // Eight channels and more with 3×3 go another way, in tiles: odd sides, several panels, slices and blocks.
    // With many tiles the kernel's gradient goes that way, too: several slices, panels, and the smallest pictures.
    let cases: [(&[usize], &[usize], ConvShape); 16] = [
        (&[3, 40, 20, 21], &[30, 40, 3, 3], ConvShape::new(1, 1)),
        (&[17, 33, 4, 4], &[13, 33, 3, 3], ConvShape::new(1, 1)),
        (&[1, 8, 17, 23], &[12, 8, 3, 3], ConvShape::new(1, 2)),
        (&[2, 9, 7, 9], &[13, 9, 3, 3], ConvShape::new(1, 1)),
        (&[3, 8, 6, 6], &[5, 8, 3, 3], ConvShape::new(1, 1)),
        (&[1, 8, 35, 66], &[9, 8, 3, 3], ConvShape::new(1, 1)),
        (&[1, 10, 9, 40], &[4, 10, 3, 3], ConvShape::new(1, 2)),
        (&[1, 300, 8, 8], &[3, 300, 3, 3], ConvShape::new(1, 1)),
        (&[1, 8, 6, 7], &[400, 8, 3, 3], ConvShape::new(1, 0)),
        (&[3, 5, 9, 7], &[6, 5, 3, 3], ConvShape::new(1, 1)),
        (&[2, 4, 16, 16], &[8, 4, 3, 3], ConvShape::new(1, 1)),
        (&[9, 3, 4, 4], &[5, 3, 3, 3], ConvShape::new(1, 1)),
        (&[3, 4, 8, 8], &[4, 4, 3, 3], ConvShape::new(2, 1)),
        (
            &[2, 4, 8, 6],
            &[3, 4, 3, 3],
            ConvShape {
                stride: 2,
                before: 0,
                after: 1,
            },
        ),
        (&[2, 7, 5, 5], &[3, 7, 1, 1], ConvShape::new(1, 0)),
        (&[1, 2, 70, 66], &[3, 2, 3, 3], ConvShape::new(1, 1)),
    ];
    for (x, weight, shape) in cases {
        let inputs = [normal("x", x), normal("w", weight), normal("b", &weight[..1])];
        check(&format!("conv {x:?} {weight:?} {shape:?}"), &inputs, |t| {
            ops::conv2d(&t[0], &t[1], Some(&t[2]), shape)
        });
    }
}

#[test]
fn linear_layers() {
    let inputs = [
        normal("x", &[3, 11, 10]),
        normal("w", &[7, 10]),
        normal("b", &[7]),
    ];
    check("linear", &inputs, |t| ops::linear(&t[0], &t[1], Some(&t[2])));
    check("linear without bias", &inputs[..2], |t| {
        ops::linear(&t[0], &t[1], None)
    });
    let many = [normal("x", &[1100, 4]), normal("w", &[70, 4]), normal("b", &[70])];
    check("linear with several tasks", &many, |t| {
        ops::linear(&t[0], &t[1], Some(&t[2]))
    });
}

#[test]
fn norms() {
    let inputs = [normal("x", &[3, 8, 5, 5]), normal("w", &[8]), normal("b", &[8])];
    check("group norm", &inputs, |t| {
        ops::group_norm(&t[0], &t[1], &t[2], 4, 1e-5, false)
    });
    check("group norm with SiLU", &inputs, |t| {
        ops::group_norm(&t[0], &t[1], &t[2], 2, 1e-6, true)
    });
    let inputs = [normal("x", &[2, 150, 20]), normal("w", &[20]), normal("b", &[20])];
    check("layer norm", &inputs, |t| {
        ops::layer_norm(&t[0], &t[1], &t[2], 1e-5)
    });
}

#[test]
fn attention() {
    let inputs = |queries, keys| {
        [
            normal("q", &[3, queries, 12]),
            normal("k", &[3, keys, 12]),
            normal("v", &[3, keys, 12]),
        ]
    };
    check("attention", &inputs(10, 10), |t| {
        ops::attention(&t[0], &t[1], &t[2], 3, false)
    });
    check("attention to a prompt", &inputs(17, 5), |t| {
        ops::attention(&t[0], &t[1], &t[2], 2, false)
    });
    let wide = |length| normal("wide", &[2, length, 80]);
    check(
        "attention of several blocks",
        &[wide(70), wide(131), wide(131)],
        |t| ops::attention(&t[0], &t[1], &t[2], 2, false),
    );
    check("causal attention", &inputs(9, 9), |t| {
        ops::attention(&t[0], &t[1], &t[2], 2, true)
    });
    check("attention in blocks", &inputs(600, 270), |t| {
        ops::attention(&t[0], &t[1], &t[2], 1, false)
    });
    let wide = [
        normal("q", &[2, 37, 80]),
        normal("k", &[2, 131, 80]),
        normal("v", &[2, 131, 80]),
    ];
    check("attention of wide heads", &wide, |t| {
        ops::attention(&t[0], &t[1], &t[2], 2, false)
    });
}

#[test]
fn activations() {
    check("silu", &[normal("x", &[5, 37])], |t| ops::silu(&t[0]));
    check("gelu", &[normal("x", &[5, 37])], |t| ops::gelu(&t[0]));
    check("quick gelu", &[normal("x", &[5, 37])], |t| ops::quick_gelu(&t[0]));
    check("geglu", &[normal("x", &[2, 33, 38])], |t| ops::geglu(&t[0]));
}

#[test]
fn layouts() {
    check("enlargement", &[normal("x", &[2, 3, 5, 4])], |t| {
        ops::upsample2(&t[0])
    });
    check("tokens", &[normal("x", &[2, 19, 5, 4])], |t| {
        ops::to_tokens(&t[0])
    });
    check("pictures", &[normal("x", &[2, 20, 19])], |t| {
        ops::from_tokens(&t[0], 5, 4)
    });
    let two = [normal("a", &[2, 3, 5, 4]), normal("b", &[2, 4, 5, 4])];
    check("stacking", &two, |t| ops::stack_channels(&t[0], &t[1]));
    let shift = [normal("x", &[2, 3, 5, 4]), normal("s", &[2, 3])];
    check("shift per channel", &shift, |t| {
        ops::add_per_channel(&t[0], &t[1])
    });
}

#[test]
fn a_shape_that_does_not_fit_is_an_error_and_no_panic() {
    let (x, w, b) = (
        normal("x", &[2, 4, 8, 8]),
        normal("w", &[4, 3, 3, 3]),
        normal("b", &[4]),
    );
    assert!(
        ops::conv2d(&x, &w, Some(&b), ConvShape::new(1, 1)).is_err(),
        "channels differ"
    );
    assert!(
        ops::linear(&x, &normal("w", &[3, 9]), None).is_err(),
        "widths differ"
    );
    assert!(
        ops::group_norm(&x, &b, &b, 3, 1e-5, true).is_err(),
        "3 groups of 4 channels"
    );
    assert!(ops::layer_norm(&x, &b, &b, 1e-5).is_err(), "widths differ");
    let (q, k) = (normal("q", &[2, 5, 6]), normal("k", &[3, 5, 6]));
    assert!(ops::attention(&q, &k, &k, 2, false).is_err(), "batches differ");
    assert!(
        ops::attention(&q, &q, &q, 4, false).is_err(),
        "heads do not divide"
    );
}

fn unet_config() -> UNetConfig {
    UNetConfig::from_json(&json!({
        "in_channels": 4, "out_channels": 4, "block_out_channels": [16, 24, 32], "layers_per_block": 1,
        "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
        "attention_head_dim": 4, "cross_attention_dim": 20, "norm_num_groups": 8, "use_linear_projection": true,
    }))
    .unwrap()
}

fn vae_config() -> VaeConfig {
    VaeConfig::from_json(&json!({
        "block_out_channels": [8, 16, 24], "layers_per_block": 1, "latent_channels": 4, "norm_num_groups": 4,
        "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
        "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
    }))
    .unwrap()
}

fn text_config() -> TextEncoderConfig {
    TextEncoderConfig::from_json(&json!({
        "vocab_size": 50, "hidden_size": 20, "intermediate_size": 40, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 9, "hidden_act": "gelu",
    }))
    .unwrap()
}

fn tokens(batch: usize) -> Tensor {
    let tokens = (0..batch * 9).map(|index| (index * index % 50) as u32).collect();
    Tensor::from_vec(tokens, (batch, 9), &Device::Cpu).unwrap()
}

/// Every variable must have a gradient that is finite and not all zero.
fn assert_all_have_gradients(what: &str, weights: &Weights, loss: &Tensor) {
    let gradients = loss.backward().unwrap();
    let variables = weights.named_vars();
    assert!(
        variables.len() > 30,
        "{what}: only {} parameters",
        variables.len()
    );
    for (name, variable) in variables {
        let Some(gradient) = gradients.get(&variable) else {
            panic!("{what}: `{name}` has no gradient")
        };
        let size = scalar(&gradient.sqr().unwrap().sum_all().unwrap());
        assert!(size.is_finite(), "{what}: the gradient of `{name}` is {size}");
        // A bias of keys shifts all scores of a query alike, which softmax does not see; the same holds for the rows
        // of tables that no token asked for, but those are not whole tensors.
        if !name.ends_with("k_proj.bias") && !name.ends_with("to_k.bias") {
            assert!(size > 0.0, "{what}: the gradient of `{name}` is zero");
        }
    }
}

#[test]
fn every_parameter_has_a_gradient() {
    let (text_weights, unet_weights) = (Weights::fresh(1, &Device::Cpu), Weights::fresh(2, &Device::Cpu));
    let text = TextEncoder::new(text_config(), &text_weights).unwrap();
    let unet = UNet::new(unet_config(), &unet_weights).unwrap();
    let prompt = Conditioning::text(text.forward(&tokens(3)).unwrap());
    let times = Tensor::new(&[1_u32, 500, 999], &Device::Cpu).unwrap();
    let y = unet
        .forward(&normal("latent", &[3, 4, 8, 8]), &times, &prompt)
        .unwrap();
    let loss = (y - normal("noise", &[3, 4, 8, 8]))
        .unwrap()
        .sqr()
        .unwrap()
        .mean_all()
        .unwrap();
    assert_all_have_gradients("U-Net", &unet_weights, &loss);
    assert_all_have_gradients("text encoder", &text_weights, &loss);

    let vae_weights = Weights::fresh(3, &Device::Cpu);
    let vae = AutoencoderKl::new(vae_config(), &vae_weights).unwrap();
    let pictures = normal("pictures", &[2, 3, 16, 16]);
    let latents = vae.encode(&pictures).unwrap();
    let again = vae
        .decode(&latents.sample(&normal("draw", &[2, 4, 4, 4])).unwrap())
        .unwrap();
    let loss = (again - &pictures).unwrap().sqr().unwrap().mean_all().unwrap();
    let loss = (loss + (latents.divergence().unwrap() * 0.1).unwrap()).unwrap();
    assert_all_have_gradients("VAE", &vae_weights, &loss);
}

#[test]
fn a_batch_of_four_is_four_batches_of_one() {
    let text = TextEncoder::new(text_config(), &Weights::fresh(1, &Device::Cpu)).unwrap();
    let unet = UNet::new(unet_config(), &Weights::fresh(2, &Device::Cpu)).unwrap();
    let vae = AutoencoderKl::new(vae_config(), &Weights::fresh(3, &Device::Cpu)).unwrap();
    let (tokens, latents) = (tokens(4), normal("latent", &[4, 4, 16, 16]));
    let times = Tensor::new(&[1_u32, 300, 600, 999], &Device::Cpu).unwrap();
    let pictures = normal("pictures", &[4, 3, 32, 32]);
    let run = |start: usize, count: usize| {
        let part = |x: &Tensor| x.narrow(0, start, count).unwrap();
        let prompt = text.forward(&part(&tokens)).unwrap();
        let conditioning = Conditioning::text(prompt.clone());
        let noise = unet
            .forward(&part(&latents), &part(&times), &conditioning)
            .unwrap();
        let picture = vae.decode(&part(&latents)).unwrap();
        [prompt, noise, picture, vae.encode(&part(&pictures)).unwrap().mean]
    };
    let together = run(0, 4);
    for index in 0..4 {
        for (alone, together) in run(index, 1).iter().zip(&together) {
            let error = difference(alone, &together.narrow(0, index, 1).unwrap());
            assert!(
                error < 1e-5,
                "picture {index} differs by {error} from the same picture in a batch"
            );
        }
    }
}

/// As accelerators compute it, composed of candle's own operations.
#[test]
fn a_network_in_halves_says_what_it_says_in_f32() {
    let fresh = Weights::fresh(2, &Device::Cpu);
    UNet::new(unet_config(), &fresh).unwrap();
    let tensors = fresh.named_vars().into_iter();
    let tensors = tensors
        .map(|(name, variable)| (name, variable.as_detached_tensor()))
        .collect();
    let weights = Weights::from_tensors(tensors, &Device::Cpu);
    let latents = normal("latent", &[2, 4, 8, 8]);
    let times = Tensor::new(&[300_u32, 999], &Device::Cpu).unwrap();
    let prompt = Conditioning::text(normal("prompt", &[2, 9, 20]));
    let run = |upcast: bool, precision: DType| {
        let config = UNetConfig {
            upcast_attention: upcast,
            ..unet_config()
        };
        let unet = UNet::new(config, &weights.computed_in(precision)).unwrap();
        unet.forward(&latents, &times, &prompt).unwrap()
    };
    let wide = run(false, DType::F32);
    for upcast in [false, true] {
        let half = run(upcast, DType::F16);
        assert_eq!(half.dtype(), DType::F32, "samplers compute in f32");
        let error = difference(&half, &wide);
        assert!(error < 0.01, "f16, attention in f32: {upcast}: {error} apart");
        assert!(error > 0.0, "f16 rounds, or nothing was computed in it");
    }
}

#[test]
fn batch_and_threads_change_no_bit() {
    let (x, w) = (normal("x", &[3, 20, 18, 18]), normal("w", &[30, 20, 3, 3]));
    let (b, one) = (normal("b", &[30]), normal("one", &[30, 20, 1, 1]));
    let (q, k) = (normal("q", &[3, 150, 40]), normal("k", &[3, 260, 40]));
    let run = |start: usize, count: usize| {
        let part = |x: &Tensor| x.narrow(0, start, count).unwrap();
        let results = [
            ops::conv2d(&part(&x), &w, Some(&b), ConvShape::new(1, 1)),
            ops::conv2d(&part(&x), &w, Some(&b), ConvShape::new(2, 1)),
            ops::conv2d(&part(&x), &one, Some(&b), ConvShape::new(1, 0)),
            ops::attention(&part(&q), &part(&k), &part(&k), 2, false),
            ops::linear(&part(&q), &normal("l", &[700, 40]), None),
        ];
        results.map(|y| y.unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap())
    };
    let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let together = run(0, 3);
    for threads in [1, 2, 4] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            for picture in 0..3 {
                for (index, (alone, all)) in run(picture, 1).iter().zip(&together).enumerate() {
                    let all = &all[picture * alone.len()..][..alone.len()];
                    assert!(
                        bits(alone) == bits(all),
                        "operation {index} gives picture {picture} other bits alone on {threads} threads than in a batch"
                    );
                }
            }
        });
    }
}

#[test]
fn what_is_no_number_stays_so() {
    let mut values = vec![0.1_f32; 40 * 8];
    values[3] = f32::NAN;
    let q = Tensor::from_vec(values, (1, 40, 8), &Device::Cpu).unwrap();
    let clean = normal("k", &[1, 40, 8]);
    let y = ops::attention(&q, &clean, &clean, 1, false).unwrap();
    let first = y
        .narrow(1, 0, 1)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1::<f32>()
        .unwrap();
    assert!(
        first.iter().all(|x| x.is_nan()),
        "a query that is no number must not become one: {first:?}"
    );
}

#[test]
fn configurations_that_are_not_understood_are_refused_by_name() {
    let unet = |field: &str, value: serde_json::Value| {
        let mut json = unet_config().to_json();
        json[field] = value;
        UNetConfig::from_json(&json)
            .expect_err("must be refused")
            .to_string()
    };
    for (field, value) in [
        ("addition_embed_type", json!("image")),
        ("class_embed_type", json!("timestep")),
        ("only_cross_attention", json!([true])),
        ("mid_block_type", json!("UNetMidBlock2DSimpleCrossAttn")),
        ("act_fn", json!("mish")),
        (
            "down_block_types",
            json!(["AttnDownBlock2D", "DownBlock2D", "DownBlock2D"]),
        ),
        ("down_block_types", json!(["DownBlock2D"])),
        ("attention_head_dim", json!(7)),
        ("norm_num_groups", json!(0)),
        ("block_out_channels", json!([])),
        ("block_out_channels", json!([1_000_000_000, 8, 8])),
        ("layers_per_block", json!(-1)),
        ("a_field_of_next_year", json!("something")),
    ] {
        let message = unet(field, value);
        assert!(
            message.contains(field),
            "the message must name `{field}`: {message}"
        );
    }
    let mut json = vae_config().to_json();
    json["latents_mean"] = json!([0.0]);
    assert!(
        VaeConfig::from_json(&json)
            .unwrap_err()
            .to_string()
            .contains("latents_mean")
    );
    let mut json = text_config().to_json();
    json["hidden_act"] = json!("relu");
    assert!(
        TextEncoderConfig::from_json(&json)
            .unwrap_err()
            .to_string()
            .contains("relu")
    );
}

#[test]
fn what_is_written_is_what_was_read() {
    assert_eq!(
        UNetConfig::from_json(&unet_config().to_json()).unwrap(),
        unet_config()
    );
    assert_eq!(
        VaeConfig::from_json(&vae_config().to_json()).unwrap(),
        vae_config()
    );
    assert_eq!(
        TextEncoderConfig::from_json(&text_config().to_json()).unwrap(),
        text_config()
    );
}
