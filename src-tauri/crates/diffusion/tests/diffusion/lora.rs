//! LoRAs of every format against what diffusers (or the published formulas) make of them: `tests/golden/make_lora.py`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use salon_diffusion::lora::{Adapters, Base, Fit, LoraFile, LoraFormat};
use salon_diffusion::weights::{Contents, sniff};
use salon_diffusion::{Family, Init, Part, Weights, save_tensors};

const TOLERANCE: f32 = 1e-5;
const WEIGHT: f64 = 0.7;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden")
        .join(name)
}

fn lora(name: &str) -> LoraFile {
    LoraFile::open(&golden("lora").join(format!("{name}.safetensors"))).unwrap()
}

/// The networks of a golden model that LoRAs change.
fn parts(family: &str) -> Vec<(Part, Weights)> {
    [Part::UNet, Part::TextEncoder, Part::TextEncoder2]
        .into_iter()
        .filter_map(|part| {
            let stem = if part == Part::UNet {
                "diffusion_pytorch_model"
            } else {
                "model"
            };
            let path = golden(family)
                .join(part.folder())
                .join(format!("{stem}.safetensors"));
            path.is_file()
                .then(|| (part, Weights::load(&[path], &Device::Cpu).unwrap()))
        })
        .collect()
}

fn fit(files: Vec<(LoraFile, f64)>, parts: &[(Part, Weights)]) -> salon_diffusion::Result<Arc<Adapters>> {
    let parts: Vec<(Part, &Weights)> = parts.iter().map(|(part, weights)| (*part, weights)).collect();
    Adapters::fit(files, &parts)
}

fn base(parts: &[(Part, Weights)]) -> Base {
    let parts: Vec<(Part, &Weights)> = parts.iter().map(|(part, weights)| (*part, weights)).collect();
    Base::of(&parts)
}

fn get(weights: &Weights, name: &str) -> Tensor {
    weights
        .get(name, weights.shape(name).unwrap(), Init::Zeros)
        .unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Every tensor of the model, with and without the adapters: the changed ones as expected, all others to the bit as
/// they are stored.
fn assert_merged(name: &str, family: &str) {
    let parts = parts(family);
    let adapters = fit(vec![(lora(name), WEIGHT)], &parts).unwrap();
    assert_eq!(
        adapters.unmatched(),
        [""; 0],
        "{name}: every module has its place"
    );
    let path = golden("lora").join(format!("{name}.expected.safetensors"));
    let mut expected = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    assert_eq!(
        adapters.changed(),
        expected.len(),
        "{name}: as many weights are changed"
    );
    for (part, weights) in &parts {
        let adapted = weights.adapted(&adapters, *part);
        for full in weights.names() {
            let (stored, merged) = (get(weights, &full), get(&adapted, &full));
            // Versions of transformers differ in whether the first level is written.
            let bare = full.strip_prefix("text_model.").unwrap_or(&full);
            let keys = [full.clone(), bare.to_owned(), format!("text_model.{bare}")];
            let expected = keys
                .iter()
                .find_map(|name| expected.remove(&format!("{}/{name}", part.folder())));
            let Some(expected) = expected else {
                assert_eq!(
                    values(&stored),
                    values(&merged),
                    "{name}: `{full}` is not to be changed"
                );
                continue;
            };
            assert!(adapters.changes(*part, &full));
            let pairs = values(&merged).into_iter().zip(values(&expected));
            let error = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(error < TOLERANCE, "{name}: `{full}` differs by {error:e}");
            // Without the adapters, the stored bits are there again.
            assert_eq!(
                values(&stored),
                values(&get(weights, &full)),
                "{name}: `{full}` afterwards"
            );
        }
    }
    assert!(
        expected.is_empty(),
        "{name}: {:?} are no weights of the model",
        expected.keys()
    );
}

#[test]
fn kohya_files_merge_as_in_diffusers() {
    assert_merged("kohya", "sd1");
}

#[test]
fn files_of_diffusers_and_peft_merge_as_in_diffusers() {
    for name in ["diffusers", "processors", "peft"] {
        assert_merged(name, "sd1");
    }
}

#[test]
fn sdxl_files_with_blocks_of_the_original_layout_merge_as_in_diffusers() {
    assert_merged("kohya_xl", "sdxl");
}

#[test]
fn decompositions_of_lycoris_merge_by_their_formulas() {
    assert_merged("lycoris", "sd1");
}

#[test]
fn a_stack_adds_up_and_a_weight_of_zero_changes_nothing() {
    let parts = parts("sd1");
    let unet = &parts[0].1;
    let alone = |name: &str, weight: f64| fit(vec![(lora(name), weight)], &parts).unwrap();
    let (first, second) = (alone("kohya", 0.5), alone("lycoris", -1.0));
    let both = fit(vec![(lora("kohya"), 0.5), (lora("lycoris"), -1.0)], &parts).unwrap();
    let none = alone("kohya", 0.0);
    for name in unet.names() {
        let of = |adapters: &Arc<Adapters>| values(&get(&unet.adapted(adapters, Part::UNet), &name));
        let stored = values(&get(unet, &name));
        let (first, second, both) = (of(&first), of(&second), of(&both));
        for (index, stored) in stored.iter().enumerate() {
            let sum = first[index] + second[index] - stored;
            assert!(
                (both[index] - sum).abs() < TOLERANCE,
                "`{name}`: a stack is the sum of its changes"
            );
        }
        assert_eq!(of(&none), stored, "`{name}`: at weight 0 a LoRA does nothing");
    }
    assert_eq!(
        both.files().map(|(_, weight)| weight).collect::<Vec<_>>(),
        [0.5, -1.0]
    );
}

#[test]
fn a_lora_for_another_family_is_refused_by_name() {
    let error = fit(vec![(lora("kohya"), 1.0)], &parts("sdxl"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("kohya.safetensors") && error.contains("does not fit"),
        "{error}"
    );
    let error = fit(vec![(lora("kohya_xl"), 1.0)], &parts("sd1"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("kohya_xl.safetensors") && error.contains("does not fit"),
        "{error}"
    );
}

#[test]
fn headers_alone_tell_which_loras_fit_which_model() {
    let bases = [
        ("sd1", base(&parts("sd1"))),
        ("sdxl", Base::open(&golden("sdxl")).unwrap()),
    ];
    for (name, home) in [
        ("kohya", "sd1"),
        ("diffusers", "sd1"),
        ("peft", "sd1"),
        ("lycoris", "sd1"),
        ("kohya_xl", "sdxl"),
    ] {
        for (model, base) in &bases {
            match base.fit(&lora(name)) {
                Ok(fit) => assert!(
                    *model == home && fit.unmatched.is_empty(),
                    "{name} on {model}: {fit:?}"
                ),
                Err(reason) => assert_ne!(*model, home, "{name} on {model}: {reason}"),
            }
        }
    }
}

/// A LoRA of one module in memory, written to a file.
fn written(folder: &Path, name: &str, tensors: &[(&str, &[usize])]) -> PathBuf {
    let path = folder.join(name);
    let tensors: BTreeMap<String, Tensor> = tensors
        .iter()
        .map(|(name, shape)| {
            (
                (*name).to_owned(),
                Tensor::ones(*shape, DType::F32, &Device::Cpu).unwrap(),
            )
        })
        .collect();
    save_tensors(&tensors, &path, DType::F32).unwrap();
    path
}

const QUERY: &str = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";

#[test]
fn what_fits_nothing_is_listed_and_what_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts("sd1");
    let stray = format!("{QUERY}_stray");
    let keys = [
        format!("{QUERY}.lora_down.weight"),
        format!("{QUERY}.lora_up.weight"),
        format!("{stray}.lora_down.weight"),
        format!("{stray}.lora_up.weight"),
    ];
    let (down, up): (&[usize], &[usize]) = (&[2, 8], &[8, 2]);
    let tensors = [
        (&*keys[0], down),
        (&*keys[1], up),
        (&*keys[2], down),
        (&*keys[3], up),
    ];
    let path = written(folder.path(), "stray.safetensors", &tensors);
    let adapters = fit(vec![(LoraFile::open(&path).unwrap(), 1.0)], &parts).unwrap();
    assert_eq!(
        adapters.unmatched(),
        [2, 3].map(|stray| format!("stray.safetensors: {}", keys[stray])),
        "a key that fits nothing is listed, and the rest is used"
    );
    assert_eq!(
        base(&parts).fit(&LoraFile::open(&path).unwrap()),
        Ok(Fit {
            keys: 4,
            unmatched: keys[2..].to_vec()
        }),
        "headers alone tell the same"
    );

    let wide = [(&*keys[0], &[2_usize, 9][..]), (&*keys[1], up)];
    let path = written(folder.path(), "wide.safetensors", &wide);
    let error = fit(vec![(LoraFile::open(&path).unwrap(), 1.0)], &parts)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&keys[0]) && error.contains("[8, 8]"),
        "tensor and shape are named: {error}"
    );

    let half = written(folder.path(), "half.safetensors", &tensors[..1]);
    let error = LoraFile::open(&half).unwrap_err().to_string();
    assert!(
        error.contains("incomplete") && error.contains(&keys[0]),
        "{error}"
    );

    let dora = format!("{QUERY}.dora_scale");
    let dora = [tensors[0], tensors[1], (&*dora, &[8, 1])];
    let dora = written(folder.path(), "dora.safetensors", &dora);
    let error = LoraFile::open(&dora).unwrap_err().to_string();
    assert!(
        error.contains("DoRA") && error.contains("dora.safetensors"),
        "{error}"
    );
    assert!(matches!(
        sniff(&dora).unwrap().contents,
        Contents::UnusableLora { .. }
    ));
}

#[test]
fn a_lora_of_another_kind_of_model_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let tensors: [(&str, &[usize]); 2] = [
        (
            "lora_unet_double_blocks_0_img_attn_proj.lora_down.weight",
            &[4, 64],
        ),
        ("lora_unet_double_blocks_0_img_attn_proj.lora_up.weight", &[64, 4]),
    ];
    let path = written(folder.path(), "flux.safetensors", &tensors);
    let file = LoraFile::open(&path).unwrap();
    assert_eq!(file.family(), Some(Family::Foreign("Flux")));
    let error = fit(vec![(file, 1.0)], &parts("sd1")).unwrap_err().to_string();
    assert!(error.contains("made for Flux"), "{error}");
}

#[test]
fn a_file_tells_what_it_is_from_its_header() {
    let file = lora("kohya");
    assert_eq!((file.format(), file.rank()), (LoraFormat::Kohya, Some(4)));
    assert_eq!(
        file.trigger_words(),
        ["red hat", "owl", "portrait"],
        "most frequent first"
    );
    assert_eq!(lora("peft").format(), LoraFormat::Peft);
    assert_eq!(lora("diffusers").format(), LoraFormat::Diffusers);
    assert_eq!(
        lora("lycoris").format(),
        LoraFormat::LoKr,
        "the format of most of its tensors"
    );
    let seen = sniff(&golden("lora").join("kohya.safetensors")).unwrap();
    assert!(
        matches!(
            seen.contents,
            Contents::Lora {
                format: LoraFormat::Kohya,
                ..
            }
        ),
        "{seen:?}"
    );
    assert_eq!(seen.stored_as, ["F32"]);
}
