//! Original names against the key lists of the families (`tests/golden/make_keys.py`), and whole tiny models against the
//! golden folders that they are renamed from.

use std::io::{Read, Write};
use std::path::PathBuf;

use candle_core::{DType, Tensor};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::*;
use crate::schedule::Schedule;
use crate::weights::{Contents, sniff};
use crate::{Init, VaeConfig, save_tensors};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/golden")
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn key_lists() -> Value {
    let packed = std::fs::read(golden().join("keys.json.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

fn numbers(value: &Value) -> Vec<usize> {
    serde_json::from_value(value.clone()).unwrap()
}

/// A safetensors file of f16 tensors that takes no room on the disk: a header, and a hole where the values are.
fn hollow(path: &Path, tensors: &BTreeMap<String, Vec<usize>>, metadata: &[(&str, &str)]) {
    let mut end = 0;
    let infos = tensors.iter().map(|(name, shape)| {
        let start = end;
        end += 2 * shape.iter().product::<usize>();
        let info = TensorInfo {
            dtype: Dtype::F16,
            shape: shape.clone(),
            data_offsets: (start, end),
        };
        (name.clone(), info)
    });
    let infos = infos.collect();
    let metadata = metadata
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let header = Metadata::new(Some(metadata.collect()), infos).unwrap();
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    file.set_len((8 + header.len() + end) as u64).unwrap();
}

/// The original tensors of a family, with what published checkpoints carry besides.
fn original(family: &Value) -> BTreeMap<String, Vec<usize>> {
    let rows = family
        .as_object()
        .unwrap()
        .values()
        .flat_map(|part| part["rows"].as_array().unwrap());
    let mut tensors: BTreeMap<String, Vec<usize>> = rows
        .map(|row| (row[1].as_str().unwrap().to_owned(), numbers(&row[3])))
        .collect();
    let besides: Vec<(String, Vec<usize>)> = [
        ("alphas_cumprod", vec![1000]),
        ("betas", vec![1000]),
        ("model_ema.decay", vec![]),
        ("model_ema.diffusion_modelinput_blocks00weight", vec![4]),
        ("first_stage_model.loss.logvar", vec![]),
    ]
    .map(|(name, shape)| (name.to_owned(), shape))
    .into();
    tensors.extend(besides);
    // What a tower has and no network of diffusers asks for: SD 2's last layer and projection.
    for prefix in ["cond_stage_model.model.", "conditioner.embedders.1.model."] {
        if tensors.keys().any(|name| name.starts_with(prefix)) {
            tensors.insert(format!("{prefix}logit_scale"), vec![]);
        }
    }
    let last = "cond_stage_model.model.transformer.resblocks";
    if tensors.keys().any(|name| name.starts_with(last)) {
        let layer: Vec<(String, Vec<usize>)> = tensors
            .iter()
            .filter_map(|(name, shape)| {
                let inner = name.strip_prefix(&format!("{last}.22."))?;
                Some((format!("{last}.23.{inner}"), shape.clone()))
            })
            .collect();
        tensors.extend(layer);
        tensors.insert(
            "cond_stage_model.model.text_projection".to_owned(),
            vec![1024, 1024],
        );
    }
    let ids = "cond_stage_model.transformer.text_model.embeddings.position_ids";
    if tensors
        .keys()
        .any(|name| name.starts_with("cond_stage_model.transformer."))
    {
        tensors.insert(ids.to_owned(), vec![1, 77]);
    }
    tensors
}

fn part_of(folder: &str) -> Part {
    Part::ALL
        .into_iter()
        .find(|part| part.folder() == folder)
        .unwrap()
}

#[test]
fn names_of_every_family_become_exactly_those_of_diffusers() {
    let folder = tempfile::tempdir().unwrap();
    let lists = key_lists();
    let families = [
        ("sd1", Family::StableDiffusion1, "StableDiffusionPipeline"),
        (
            "sd1_inpaint",
            Family::StableDiffusion1,
            "StableDiffusionInpaintPipeline",
        ),
        ("sd2", Family::StableDiffusion2, "StableDiffusionPipeline"),
        ("sdxl", Family::StableDiffusionXl, "StableDiffusionXLPipeline"),
        (
            "sdxl_refiner",
            Family::StableDiffusionXlRefiner,
            "StableDiffusionXLImg2ImgPipeline",
        ),
    ];
    assert_eq!(lists.as_object().unwrap().len(), families.len());
    for (name, family, class) in families {
        let path = folder.path().join(format!("{name}.safetensors"));
        hollow(&path, &original(&lists[name]), &[]);
        let file = open(&path).unwrap();
        assert_eq!((file.family(), file.unknown()), (family, &[][..]), "{name}");
        assert_eq!(file.model_index()["_class_name"], class, "{name}");
        assert_eq!(
            sniff(&path).unwrap().contents,
            Contents::Checkpoint {
                family,
                inpaint: name == "sd1_inpaint"
            },
            "{name} must be recognised from its header"
        );
        for (part, list) in lists[name].as_object().unwrap() {
            let weights = file.inspect(part_of(part));
            let rows = list["rows"].as_array().unwrap();
            let expected: BTreeSet<String> = rows
                .iter()
                .map(|row| row[0].as_str().unwrap().to_owned())
                .collect();
            let found = weights.names();
            let differing: Vec<_> = found.symmetric_difference(&expected).take(4).collect();
            assert!(differing.is_empty(), "{name}, {part}: {differing:?}");
            for row in rows {
                let (target, stored) = (row[0].as_str().unwrap(), row[1].as_str().unwrap());
                let entry = &file.parts[&part_of(part)].1[target];
                assert_eq!(
                    entry.stored, stored,
                    "{name}, {part}: where `{target}` comes from"
                );
                let selection = match row[2].as_u64() {
                    Some(third) => Selection::Third(third as usize),
                    None if stored.ends_with("text_projection") => Selection::Transposed,
                    None => Selection::Whole,
                };
                assert_eq!(
                    entry.selection, selection,
                    "{name}, {part}: what of `{stored}` is `{target}`"
                );
            }
            // The configuration says what the family's published one says.
            let found = file.config(part_of(part)).unwrap();
            for (field, expected) in list["config"].as_object().unwrap() {
                let levels = list["config"]["block_out_channels"]
                    .as_array()
                    .map_or(1, Vec::len);
                let each = |value: &Value| match value.as_u64() {
                    Some(one) if ["attention_head_dim", "layers_per_block"].contains(&field.as_str()) => {
                        Value::from(vec![one; levels])
                    }
                    _ => value.clone(),
                };
                // Levels without a transformer have no depth to compare.
                if field != "transformer_layers_per_block" {
                    assert_eq!(each(&found[field]), each(expected), "{name}, {part}: `{field}`");
                }
            }
        }
        // And the networks of that configuration find every tensor in its shape, and leave none.
        let report = crate::model::check(&path).unwrap();
        assert_eq!(report.unused, [""; 0], "{name}");
        assert!(
            report.family.starts_with(&family.to_string()),
            "{name}: {}",
            report.family
        );
        assert_eq!(report.native_side, family.native_side(), "{name}");
        Schedule::from_json(file.scheduler()).unwrap();
        VaeConfig::from_json(file.config(Part::Vae).unwrap()).unwrap();
    }
    let depths = |name: &str| {
        let file = open(&folder.path().join(format!("{name}.safetensors"))).unwrap();
        numbers(&file.config(Part::UNet).unwrap()["transformer_layers_per_block"])
    };
    assert_eq!(depths("sdxl"), [1, 2, 10]);
    assert_eq!(depths("sdxl_refiner"), [1, 4, 4, 4]);
    assert_eq!(depths("sd1"), [1, 1, 1, 1]);
}

#[test]
fn what_shapes_do_not_tell_is_read_from_the_file_and_from_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let tensors = original(&key_lists()["sd2"]);
    hollow(&path, &tensors, &[]);
    let prediction = || open(&path).unwrap().scheduler()["prediction_type"].clone();
    assert_eq!(prediction(), "epsilon", "without a word, it is noise");

    std::fs::write(
        path.with_extension("yaml"),
        "model:\n  params:\n    parameterization: \"v\"\n",
    )
    .unwrap();
    assert_eq!(prediction(), "v_prediction", "as the original repository says it");
    assert_eq!(
        open(&path).unwrap().config(Part::UNet).unwrap()["sample_size"],
        96
    );
    std::fs::write(
        path.with_extension("json"),
        r#"{"prediction_type": "epsilon", "description": "x"}"#,
    )
    .unwrap();
    assert_eq!(prediction(), "epsilon", "NAME.json has the last word");
    let patch = r#"{"scheduler": {"timestep_spacing": "trailing"}, "unet": {"norm_num_groups": 16}}"#;
    std::fs::write(path.with_extension("json"), patch).unwrap();
    let file = open(&path).unwrap();
    assert_eq!(file.scheduler()["timestep_spacing"], "trailing");
    assert_eq!(file.config(Part::UNet).unwrap()["norm_num_groups"], 16);
    std::fs::write(path.with_extension("json"), "{").unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("model.json"), "the broken file is named: {error}");
    std::fs::remove_file(path.with_extension("json")).unwrap();
    std::fs::remove_file(path.with_extension("yaml")).unwrap();

    hollow(&path, &tensors, &[("modelspec.prediction_type", "v")]);
    assert_eq!(prediction(), "v_prediction", "as the header says it");
    let mut marked = tensors;
    marked.insert("v_pred".to_owned(), vec![]);
    marked.insert("ztsnr".to_owned(), vec![]);
    hollow(&path, &marked, &[]);
    let file = open(&path).unwrap();
    assert_eq!(
        file.scheduler()["prediction_type"],
        "v_prediction",
        "as marker tensors say it"
    );
    assert_eq!(file.scheduler()["rescale_betas_zero_snr"], true);
    assert!(file.unknown().is_empty());
}

#[test]
fn a_checkpoint_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let refused = |tensors: &BTreeMap<String, Vec<usize>>| {
        hollow(&path, tensors, &[]);
        assert!(
            matches!(
                sniff(&path).unwrap().contents,
                Contents::UnusableCheckpoint { .. }
            ),
            "what is no good is seen from outside too"
        );
        open(&path).unwrap_err().to_string()
    };
    let lists = key_lists();
    let whole = original(&lists["sd1"]);
    let without = |beginning: &str| {
        let kept = whole.iter().filter(|(name, _)| !name.starts_with(beginning));
        kept.map(|(name, shape)| (name.clone(), shape.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    let error = refused(&without("first_stage_model"));
    assert!(
        error.contains("model.safetensors") && error.contains("holds no vae"),
        "{error}"
    );
    let error = refused(&without("cond_stage_model"));
    assert!(error.contains("holds no text_encoder"), "{error}");
    let mut depth = whole.clone();
    depth.insert(
        "model.diffusion_model.input_blocks.0.0.weight".to_owned(),
        vec![320, 5, 3, 3],
    );
    let error = refused(&depth);
    assert!(error.contains("takes 5 channels"), "{error}");
    let mut odd = whole.clone();
    odd.insert("edm_mean".to_owned(), vec![4]);
    let error = refused(&odd);
    assert!(error.contains("EDM"), "{error}");
    let mut more = whole.clone();
    more.insert("model.diffusion_model.surprise.weight".to_owned(), vec![4]);
    hollow(&path, &more, &[]);
    assert_eq!(
        open(&path).unwrap().unknown(),
        ["model.diffusion_model.surprise.weight"]
    );
}

/// The golden folder's tensors in the original layout, with the original names.
fn renamed_back(family: &str) -> BTreeMap<String, Tensor> {
    let folder = golden().join(family);
    let read = |part: &str, stem: &str| {
        let path = folder.join(part).join(format!("{stem}.safetensors"));
        let tensors = candle_core::safetensors::load(path, &Device::Cpu).unwrap_or_default();
        tensors.into_iter().collect::<BTreeMap<String, Tensor>>()
    };
    let mut whole = BTreeMap::new();
    let unet = read("unet", "diffusion_pytorch_model");
    let names = unet.keys().map(String::as_str).collect();
    let table = names::reversed(&UNetLayout::of_diffusers(&names).table());
    for (name, tensor) in &unet {
        let original = names::renamed(&table, name).unwrap_or_else(|| panic!("{name} has no original name"));
        whole.insert(format!("model.diffusion_model.{original}"), tensor.clone());
    }
    let vae = read("vae", "diffusion_pytorch_model");
    let levels = names::count(|level| {
        vae.contains_key(&format!("encoder.down_blocks.{level}.resnets.0.norm1.weight"))
    });
    let table = names::reversed(&names::vae(levels));
    for (name, tensor) in &vae {
        let original = names::renamed(&table, name).unwrap_or_else(|| panic!("{name} has no original name"));
        let kernel = original.contains("attn_1") && tensor.rank() == 2;
        let tensor = if kernel {
            tensor.unsqueeze(2).unwrap().unsqueeze(3).unwrap()
        } else {
            tensor.clone()
        };
        whole.insert(format!("first_stage_model.{original}"), tensor);
    }
    let (first, second) = (read("text_encoder", "model"), read("text_encoder_2", "model"));
    let gelu = |part: &str| json_of(&folder.join(part).join("config.json"))["hidden_act"] == "gelu";
    let (alone, refines) = (second.is_empty(), first.is_empty());
    if !first.is_empty() {
        let tower = alone && gelu("text_encoder");
        let prefix = match (alone, tower) {
            (false, _) => "conditioner.embedders.0.transformer.",
            (true, true) => "cond_stage_model.model.",
            (true, false) => "cond_stage_model.transformer.",
        };
        // SD 2's tower has a layer more than diffusers keeps.
        whole.extend(text(&first, prefix, tower, usize::from(tower)));
    }
    let prefix = if refines {
        "conditioner.embedders.0.model."
    } else {
        "conditioner.embedders.1.model."
    };
    whole.extend(text(&second, prefix, true, 0));
    whole
}

fn text(
    tensors: &BTreeMap<String, Tensor>,
    prefix: &str,
    tower: bool,
    more: usize,
) -> BTreeMap<String, Tensor> {
    let mut whole = BTreeMap::new();
    let bare: BTreeMap<&str, &Tensor> = tensors
        .iter()
        .map(|(name, tensor)| (name.strip_prefix("text_model.").unwrap_or(name), tensor))
        .collect();
    if !tower {
        let named = bare
            .into_iter()
            .map(|(name, tensor)| (format!("{prefix}text_model.{name}"), tensor.clone()));
        return named.collect();
    }
    let modules = [
        ("layer_norm1", "ln_1"),
        ("layer_norm2", "ln_2"),
        ("mlp.fc1", "mlp.c_fc"),
        ("mlp.fc2", "mlp.c_proj"),
        ("self_attn.out_proj", "attn.out_proj"),
    ];
    let mut layers = 0;
    for (name, tensor) in &bare {
        let Some((layer, inner)) = name
            .strip_prefix("encoder.layers.")
            .and_then(|rest| rest.split_once('.'))
        else {
            let original = match *name {
                "embeddings.token_embedding.weight" => "token_embedding.weight",
                "embeddings.position_embedding.weight" => "positional_embedding",
                "final_layer_norm.weight" => "ln_final.weight",
                "final_layer_norm.bias" => "ln_final.bias",
                "text_projection.weight" => {
                    whole.insert(
                        format!("{prefix}text_projection"),
                        tensor.t().unwrap().contiguous().unwrap(),
                    );
                    continue;
                }
                _ => continue,
            };
            whole.insert(format!("{prefix}{original}"), (*tensor).clone());
            continue;
        };
        layers = layers.max(layer.parse::<usize>().unwrap() + 1);
        let block = format!("{prefix}transformer.resblocks.{layer}");
        let (module, ending) = inner.rsplit_once('.').unwrap();
        if let Some((_, original)) = modules.iter().find(|(name, _)| *name == module) {
            whole.insert(format!("{block}.{original}.{ending}"), (*tensor).clone());
        } else if module == "self_attn.q_proj" {
            let each = ["q", "k", "v"]
                .map(|letter| bare[&*format!("encoder.layers.{layer}.self_attn.{letter}_proj.{ending}")]);
            whole.insert(
                format!("{block}.attn.in_proj_{ending}"),
                Tensor::cat(&each, 0).unwrap(),
            );
        }
    }
    for surplus in layers..layers + more {
        let start = format!("{prefix}transformer.resblocks.0.");
        let copies: Vec<(String, Tensor)> = whole
            .iter()
            .filter_map(|(name, tensor)| {
                let inner = name.strip_prefix(&start)?;
                Some((
                    format!("{prefix}transformer.resblocks.{surplus}.{inner}"),
                    tensor.clone(),
                ))
            })
            .collect();
        whole.extend(copies);
    }
    whole
}

fn values(weights: &Weights, name: &str) -> Vec<f32> {
    let shape = weights.shape(name).unwrap();
    let tensor = weights.get(name, shape, Init::Zeros).unwrap();
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Every tensor of the golden folder comes out of the file, under its name and to the bit.
fn assert_same(family: &str, file: &SingleFile) {
    for part in file.parts() {
        let stem = if matches!(part, Part::UNet | Part::Vae) {
            "diffusion_pytorch_model"
        } else {
            "model"
        };
        let path = golden()
            .join(family)
            .join(part.folder())
            .join(format!("{stem}.safetensors"));
        let (stored, found) = (
            Weights::load(&[path], &Device::Cpu).unwrap(),
            file.weights(part, &Device::Cpu),
        );
        let bare = |weights: &Weights| -> BTreeMap<String, String> {
            let names = weights.names().into_iter();
            names
                .filter(|name| !name.ends_with("position_ids"))
                .map(|name| (name.strip_prefix("text_model.").unwrap_or(&name).to_owned(), name))
                .collect()
        };
        let (stored_names, found_names) = (bare(&stored), bare(&found));
        assert!(
            stored_names.keys().eq(found_names.keys()),
            "{family}, {}: the names are the folder's",
            part.folder()
        );
        for (name, full) in &stored_names {
            assert_eq!(
                values(&stored, full),
                values(&found, &found_names[name]),
                "{family}, {}: `{name}` must be the same to the bit",
                part.folder()
            );
        }
    }
}

#[test]
fn golden_folders_written_as_single_files_give_the_same_tensors() {
    let folder = tempfile::tempdir().unwrap();
    for (family, class) in [
        ("sd1", "StableDiffusionPipeline"),
        ("sd2", "StableDiffusionPipeline"),
        ("turbo", "StableDiffusionPipeline"),
        ("inpaint", "StableDiffusionInpaintPipeline"),
        ("sdxl", "StableDiffusionXLPipeline"),
        ("refiner", "StableDiffusionXLImg2ImgPipeline"),
    ] {
        let path = folder.path().join(format!("{family}.safetensors"));
        save_tensors(&renamed_back(family), &path, DType::F32).unwrap();
        // Heads and groups of the tiny models are not those of the families, so they are told beside the file.
        let mut beside = serde_json::Map::new();
        for part in Part::ALL {
            let config = golden().join(family).join(part.folder()).join("config.json");
            if config.is_file() {
                beside.insert(part.folder().to_owned(), json_of(&config));
            }
        }
        std::fs::write(path.with_extension("json"), Value::Object(beside).to_string()).unwrap();
        let file = open(&path).unwrap();
        assert_eq!(file.unknown(), [""; 0], "{family}");
        assert_eq!(file.model_index()["_class_name"], class, "{family}");
        assert_same(family, &file);
        let derived = json_of(&golden().join(family).join("unet/config.json"));
        assert_eq!(
            file.config(Part::UNet).unwrap()["attention_head_dim"],
            derived["attention_head_dim"]
        );
    }
}

#[test]
fn shapes_of_tiny_models_give_their_configurations() {
    // Without a word beside the file, everything but heads, groups and the number of time frequencies is seen.
    let folder = tempfile::tempdir().unwrap();
    for family in ["sd1", "sd2", "inpaint", "sdxl", "refiner"] {
        let path = folder.path().join(format!("{family}.safetensors"));
        save_tensors(&renamed_back(family), &path, DType::F32).unwrap();
        let file = open(&path).unwrap();
        for part in file.parts() {
            let golden = json_of(&golden().join(family).join(part.folder()).join("config.json"));
            let found = file.config(part).unwrap();
            for field in [
                "block_out_channels",
                "cross_attention_dim",
                "down_block_types",
                "hidden_act",
                "hidden_size",
                "in_channels",
                "intermediate_size",
                "latent_channels",
                "max_position_embeddings",
                "num_hidden_layers",
                "out_channels",
                "projection_class_embeddings_input_dim",
                "up_block_types",
                "use_linear_projection",
                "vocab_size",
            ] {
                let missing = matches!(golden.get(field), None | Some(Value::Null));
                if !missing {
                    assert_eq!(
                        found[field],
                        golden[field],
                        "{family}, {}: `{field}`",
                        part.folder()
                    );
                }
            }
        }
    }
}

#[test]
fn gguf_checkpoints_are_read_like_the_others() {
    use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sd1.gguf");
    let tensors = renamed_back("sd1");
    let types = [GgmlDType::F32, GgmlDType::F16];
    let packed: Vec<(String, QTensor)> = tensors
        .iter()
        .enumerate()
        .map(|(index, (name, tensor))| {
            let tensor = tensor.to_dtype(DType::F32).unwrap();
            (
                name.clone(),
                QTensor::quantize(&tensor, types[index % 2]).unwrap(),
            )
        })
        .collect();
    let listed: Vec<(&str, &QTensor)> = packed
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    let title = gguf_file::Value::String("tiny".to_owned());
    let mut file = std::fs::File::create(&path).unwrap();
    gguf_file::write(&mut file, &[("general.name", &title)], &listed).unwrap();
    drop(file);
    let opened = open(&path).unwrap();
    assert_eq!((opened.family(), opened.unknown()), (Family::Custom, &[][..]));
    let unet = opened.weights(Part::UNet, &Device::Cpu);
    for (name, entry) in &opened.parts[&Part::UNet].1 {
        let (_, packed) = packed.iter().find(|(stored, _)| *stored == entry.stored).unwrap();
        let expected = packed.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap();
        assert_eq!(
            values(&unet, name),
            expected.to_vec1::<f32>().unwrap(),
            "`{name}`"
        );
    }
    let seen = sniff(&path).unwrap();
    assert_eq!(seen.metadata["general.name"], "tiny");
    assert!(matches!(seen.contents, Contents::Checkpoint { .. }));
}

#[test]
fn published_checkpoints_can_be_built() {
    // Values in the networks as their model cards and diffusers count them.
    let (vae, clip, big_clip) = (83_653_863, 123_060_480, 694_659_840);
    let (sd1, sd2, sdxl) = (859_520_964, 865_910_724, 2_567_463_684);
    let folder = tempfile::tempdir().unwrap();
    let lists = key_lists();
    for (name, family, parameters) in [
        ("sd1", "Stable Diffusion 1", Some(sd1 + vae + clip)),
        // Five more input channels of a 3×3 kernel with 320 outputs.
        (
            "sd1_inpaint",
            "Stable Diffusion 1, inpainting",
            Some(sd1 + 5 * 9 * 320 + vae + clip),
        ),
        ("sd2", "Stable Diffusion 2", Some(sd2 + vae + 340_387_840)),
        ("sdxl", "SDXL", Some(sdxl + vae + clip + big_clip)),
        ("sdxl_refiner", "SDXL refiner", None),
    ] {
        let path = folder.path().join(format!("{name}.safetensors"));
        hollow(&path, &original(&lists[name]), &[]);
        let report = crate::model::check(&path).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(report.family, family);
        assert_eq!(
            (&report.unused[..], &report.notes[..]),
            (&[][..], &[][..]),
            "{name}"
        );
        assert_eq!((report.prompt_tokens, report.side_multiple), (77, 8), "{name}");
        if let Some(parameters) = parameters {
            assert_eq!(report.parameters, parameters, "{name}");
        }
        let (can, xl) = (report.capabilities, name.starts_with("sdxl"));
        assert_eq!((can.pooled_text, can.time_ids), (xl, xl), "{name}");
        assert_eq!(can.inpaint, name == "sd1_inpaint");
        assert_eq!(
            (can.refiner, can.aesthetic_score),
            (name == "sdxl_refiner", name == "sdxl_refiner")
        );
        assert_eq!(report.native_side, if xl { 1024 } else { 512 }, "{name}");
    }
}
