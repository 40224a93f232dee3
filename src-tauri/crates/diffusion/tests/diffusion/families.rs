//! The networks of every family against PyTorch: tiny models, inputs and results, made by
//! `tests/golden/make_families.py`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use salon_diffusion::unet::{Added, Conditioning, guidance_embedding};
use salon_diffusion::{AutoencoderKl, UNet, UNetConfig, VaeConfig, Weights};
use serde_json::Value;

const FAMILIES: [&str; 9] = [
    "sd2",
    "turbo",
    "lcm",
    "inpaint",
    "sdxl",
    "sdxl_inpaint",
    "refiner",
    "pruned",
    "unusual",
];
/// Those that have an autoencoder too.
const PICTURED: [&str; 8] = [
    "sd2",
    "turbo",
    "lcm",
    "inpaint",
    "sdxl",
    "sdxl_inpaint",
    "refiner",
    "unusual",
];
const TOLERANCE: f64 = 1e-4;
const NETWORK: &str = "diffusion_pytorch_model.safetensors";

fn folder(family: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden")
        .join(family)
}

fn config(family: &str, part: &str) -> Value {
    let path = folder(family).join(part).join("config.json");
    serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap()
}

fn weights(family: &str, part: &str) -> Weights {
    Weights::load(&[folder(family).join(part).join(NETWORK)], &Device::Cpu).unwrap()
}

fn tensors(file: &str) -> BTreeMap<String, Tensor> {
    let all = candle_core::safetensors::load(folder(file), &Device::Cpu).unwrap();
    all.into_iter().collect()
}

fn expected(family: &str) -> BTreeMap<String, Tensor> {
    tensors(&format!("{family}/expected.safetensors"))
}

fn unet(family: &str) -> UNet {
    let weights = weights(family, "unet");
    let network = UNet::new(UNetConfig::from_json(&config(family, "unet")).unwrap(), &weights);
    let network = network.unwrap_or_else(|fault| panic!("{family}: {fault}"));
    let unused = weights.unused();
    assert!(unused.is_empty(), "{family}: nobody asked for {unused:?}");
    network
}

fn vae(family: &str) -> AutoencoderKl {
    let weights = weights(family, "vae");
    let network = AutoencoderKl::new(VaeConfig::from_json(&config(family, "vae")).unwrap(), &weights);
    let network = network.unwrap_or_else(|fault| panic!("{family}: {fault}"));
    let unused = weights.unused();
    assert!(unused.is_empty(), "{family}: nobody asked for {unused:?}");
    network
}

fn conditioning(expected: &BTreeMap<String, Tensor>) -> Conditioning {
    let added = expected.get("time_ids").map(|time_ids| Added {
        text_embeds: expected["text_embeds"].clone(),
        time_ids: time_ids.clone(),
    });
    Conditioning {
        context: expected["context"].clone(),
        added,
        guidance_embedding: expected.get("guidance_embedding").cloned(),
    }
}

fn largest(x: &Tensor) -> f64 {
    let x = x.to_dtype(DType::F64).unwrap().flatten_all().unwrap();
    x.abs().unwrap().max(0).unwrap().to_scalar().unwrap()
}

/// Within the tolerance, relative to the largest expected value where that is above one.
fn assert_close(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.dims(), expected.dims(), "shape of {what}");
    let error = largest(&(found - expected).unwrap()) / largest(expected).max(1.0);
    assert!(error < TOLERANCE, "{what} differs by {error:e} from PyTorch's");
}

#[test]
fn every_unet_agrees_with_diffusers() {
    for family in FAMILIES {
        let (expected, unet) = (expected(family), unet(family));
        let conditioning = conditioning(&expected);
        for suffix in ["", "_odd"] {
            let sample = &expected[&format!("sample{suffix}")];
            let found = unet.forward(sample, &expected["times"], &conditioning).unwrap();
            let what = format!("the prediction{suffix} of {family}");
            assert_close(&what, &found, &expected[&format!("prediction{suffix}")]);
        }
    }
}

#[test]
fn every_vae_agrees_with_diffusers() {
    for family in PICTURED {
        let (expected, vae) = (expected(family), vae(family));
        let found = vae.encode(&expected["pictures"]).unwrap();
        assert_close(&format!("the mean of {family}"), &found.mean, &expected["mean"]);
        assert_close(
            &format!("the variance of {family}"),
            &found.logvar,
            &expected["logvar"],
        );
        let found = vae.decode(&expected["latents"]).unwrap();
        assert_close(&format!("the picture of {family}"), &found, &expected["decoded"]);
    }
}

#[test]
fn tiles_are_those_of_diffusers() {
    let (expected, vae) = (tensors("sd1/tiled.safetensors"), vae("sd1"));
    let found = vae.decode_tiled(&expected["latents"]).unwrap();
    assert_close("the tiled picture", &found, &expected["decoded"]);
    let whole = vae.decode(&expected["latents"]).unwrap();
    assert!(
        largest(&(whole - found).unwrap()) > TOLERANCE,
        "a picture of several tiles cannot be that of one, else this test proves nothing"
    );
    let one = expected["latents"]
        .narrow(2, 0, 8)
        .unwrap()
        .narrow(3, 0, 8)
        .unwrap();
    let (tiled, whole) = (vae.decode_tiled(&one).unwrap(), vae.decode(&one).unwrap());
    assert!(
        largest(&(tiled - whole).unwrap()) == 0.0,
        "what fits into one tile is decoded whole"
    );
}

#[test]
fn guidance_is_told_as_diffusers_tells_it() {
    let expected = expected("lcm");
    let scales: Vec<f64> = expected["guidance"]
        .to_dtype(DType::F64)
        .unwrap()
        .to_vec1()
        .unwrap();
    let width = expected["guidance_embedding"].dim(1).unwrap();
    let found = guidance_embedding(&scales, width, &Device::Cpu).unwrap();
    assert_close("the guidance embedding", &found, &expected["guidance_embedding"]);
    let odd = guidance_embedding(&scales, 7, &Device::Cpu).unwrap();
    assert_eq!(odd.dims(), [2, 7], "an odd width is filled up");
}

#[test]
fn the_unets_scale_is_there_and_back() {
    for family in ["sdxl", "unusual"] {
        let (latents, vae) = (&expected(family)["latents"], vae(family));
        let scaled = vae.to_unet_scale(latents).unwrap();
        assert_close(family, &vae.from_unet_scale(&scaled).unwrap(), latents);
    }
    // With means 0.1 and −0.2, deviations 1.5 and 0.5, scale 0.5: (z − mean) · scale / deviation.
    let one = Tensor::ones((1, 4, 1, 1), DType::F32, &Device::Cpu).unwrap();
    let scaled = vae("unusual").to_unet_scale(&one).unwrap().flatten_all().unwrap();
    let scaled = scaled.to_vec1::<f32>().unwrap();
    for (found, right) in scaled.iter().zip([0.3, 1.2, 0.35, 0.25]) {
        assert!((found - right).abs() < 1e-6, "{scaled:?}");
    }
}

#[test]
fn what_is_written_is_what_was_read() {
    for family in FAMILIES {
        let unet = UNetConfig::from_json(&config(family, "unet")).unwrap();
        assert_eq!(UNetConfig::from_json(&unet.to_json()).unwrap(), unet, "{family}");
    }
    for family in PICTURED {
        let vae = VaeConfig::from_json(&config(family, "vae")).unwrap();
        assert_eq!(VaeConfig::from_json(&vae.to_json()).unwrap(), vae, "{family}");
    }
}

/// What is done to good conditions.
type Change<'a> = &'a dyn Fn(&mut Conditioning);

#[test]
fn conditions_that_do_not_fit_are_named() {
    let refusal = |family: &str, change: Change| {
        let (expected, unet) = (expected(family), unet(family));
        let mut conditioning = conditioning(&expected);
        change(&mut conditioning);
        let found = unet.forward(&expected["sample"], &expected["times"], &conditioning);
        found.expect_err("must be refused").to_string()
    };
    let wide = Tensor::zeros((2, 23), DType::F32, &Device::Cpu).unwrap();
    let added = || Added {
        text_embeds: wide.clone(),
        time_ids: Tensor::zeros((2, 6), DType::F32, &Device::Cpu).unwrap(),
    };
    let cases: [(&str, Change, &str); 4] = [
        ("sdxl", &|c| c.added = None, "needs the pooled prompt"),
        ("sdxl", &|c| c.added = Some(added()), "pooled prompt of 23"),
        ("sd2", &|c| c.added = Some(added()), "takes no pooled prompt"),
        (
            "sd2",
            &|c| c.guidance_embedding = Some(wide.clone()),
            "time_cond_proj_dim",
        ),
    ];
    for (family, change, words) in cases {
        let message = refusal(family, change);
        assert!(
            message.contains(words),
            "{family}: `{message}` should say `{words}`"
        );
    }
}
