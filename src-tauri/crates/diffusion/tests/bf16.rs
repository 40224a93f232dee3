//! The tile unit's bf16 products against f32. In a process of its own: the switch is one for the whole process.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)] // helpers of tests fail by panicking

use candle_core::{Device, Tensor};
use salon_diffusion::ops::amx;
use salon_diffusion::{Conditioning, Init, UNet, UNetConfig, Weights};
use serde_json::json;

fn normal(name: &str, shape: &[usize]) -> Tensor {
    Weights::fresh(11, &Device::Cpu)
        .get(name, shape, Init::Normal(1.0))
        .unwrap()
        .detach()
}

fn norm(x: &Tensor) -> f32 {
    x.sqr()
        .unwrap()
        .sum_all()
        .unwrap()
        .to_scalar::<f32>()
        .unwrap()
        .sqrt()
}

fn gradients(bf16: bool) -> Vec<(String, Tensor)> {
    amx::allow_bf16(bf16);
    let weights = Weights::fresh(2, &Device::Cpu);
    let config = UNetConfig::from_json(&json!({
        "block_out_channels": [16, 24, 32], "layers_per_block": 1, "norm_num_groups": 8,
        "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
        "attention_head_dim": 4, "cross_attention_dim": 20, "use_linear_projection": true,
    }));
    let unet = UNet::new(config.unwrap(), &weights).unwrap();
    let times = Tensor::new(&[1_u32, 500, 999], &Device::Cpu).unwrap();
    let y = unet
        .forward(
            &normal("latent", &[3, 4, 8, 8]),
            &times,
            &Conditioning::text(normal("prompt", &[3, 9, 20])),
        )
        .unwrap();
    let loss = (y - normal("noise", &[3, 4, 8, 8]))
        .unwrap()
        .sqr()
        .unwrap()
        .mean_all()
        .unwrap();
    let gradients = loss.backward().unwrap();
    let variables = weights.named_vars().into_iter();
    variables
        .map(|(name, variable)| (name, gradients.get(&variable).unwrap().clone()))
        .collect()
}

#[test]
fn products_in_bf16_are_the_same_but_for_rounding() {
    if !amx::available() {
        return; // a processor without the unit has nothing to compare
    }
    let (exact, rounded) = (gradients(false), gradients(true));
    let mut different = 0;
    for ((name, exact), (_, rounded)) in exact.iter().zip(&rounded) {
        let error = norm(&(exact - rounded).unwrap()) / norm(exact).max(1e-3);
        different += usize::from(error > 0.0);
        assert!(error < 0.1, "the gradient of `{name}` is off by {error}");
    }
    assert!(different > exact.len() / 2, "the tile unit was not used");
}
