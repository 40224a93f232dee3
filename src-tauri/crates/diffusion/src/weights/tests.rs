//! Where weights come from, how they are kept, and what becomes of damaged files.

use candle_core::{DType, Device};

use super::*;
use crate::nn::{Conv2d, Linear};
use crate::ops::ConvShape;

#[test]
fn a_start_depends_on_seed_and_name_only() {
    let first = Weights::fresh(7, &Device::Cpu);
    let second = Weights::fresh(7, &Device::Cpu);
    let a = first.at("a").get("weight", [3, 5], Init::Normal(1.0)).unwrap();
    second.at("b").get("weight", [4], Init::Normal(1.0)).unwrap();
    let again = second.at("a").get("weight", [3, 5], Init::Normal(1.0)).unwrap();
    assert_eq!(
        a.to_vec2::<f32>().unwrap(),
        again.to_vec2::<f32>().unwrap(),
        "order must not matter"
    );
    let other = Weights::fresh(8, &Device::Cpu)
        .at("a")
        .get("weight", [3, 5], Init::Normal(1.0))
        .unwrap();
    assert_ne!(
        a.to_vec2::<f32>().unwrap(),
        other.to_vec2::<f32>().unwrap(),
        "the seed must matter"
    );
}

#[test]
fn what_is_saved_is_read_back_and_the_rest_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let fresh = Weights::fresh(1, &Device::Cpu);
    let weight = fresh.at("layer").get("weight", [2, 3], Init::kaiming(3)).unwrap();
    fresh.get("spare", [1], Init::Ones).unwrap();
    fresh.save(&path, DType::F32).unwrap();

    let read = Weights::load(&[&path], &Device::Cpu).unwrap();
    let again = read.at("layer").get("weight", [2, 3], Init::Zeros).unwrap();
    assert_eq!(weight.to_vec2::<f32>().unwrap(), again.to_vec2::<f32>().unwrap());
    assert_eq!(read.unused(), ["spare"], "tensors nobody asked for are listed");
    assert!(read.named_vars().is_empty(), "inference makes no variables");

    let shape = read
        .at("layer")
        .get("weight", [3, 2], Init::Zeros)
        .unwrap_err()
        .to_string();
    assert!(
        shape.contains("layer.weight") && shape.contains("[3, 2]") && shape.contains("[2, 3]"),
        "{shape}"
    );
    assert!(shape.contains("weights.safetensors"), "{shape}");
    let missing = read.get("other", [4], Init::Zeros).unwrap_err().to_string();
    assert!(
        missing.contains("`other`") && missing.contains("[4]"),
        "{missing}"
    );
}

#[test]
fn half_precision_is_widened_and_variables_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.safetensors");
    let fresh = Weights::fresh(1, &Device::Cpu);
    fresh.get("weight", [64], Init::Normal(1.0)).unwrap();
    fresh.save(&path, DType::F16).unwrap();
    let read = Weights::load_trainable(&[&path], &Device::Cpu).unwrap();
    assert_eq!(read.get("weight", [64], Init::Zeros).unwrap().dtype(), DType::F32);
    assert_eq!(read.named_vars().keys().collect::<Vec<_>>(), ["weight"]);
}

#[test]
fn a_file_that_is_no_safetensors_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    std::fs::write(&path, b"PK\x03\x04 a pickle in a zip archive").unwrap();
    let error = Weights::load(&[&path], &Device::Cpu).err().unwrap().to_string();
    assert!(
        error.contains("model.bin") && error.contains("safetensors"),
        "{error}"
    );
    let absent = Weights::load(&[folder.path().join("none.safetensors")], &Device::Cpu)
        .err()
        .unwrap();
    assert!(absent.to_string().contains("none.safetensors"), "{absent}");
}

/// The same store, holding f16 and bf16 as if its files were large.
fn as_if_large(weights: Weights) -> Weights {
    let store = Arc::into_inner(weights.store).unwrap();
    Weights {
        store: Arc::new(Store {
            keeps_half: true,
            ..store
        }),
        prefix: weights.prefix,
        adapters: None,
        computed_in: DType::F32,
    }
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    let values = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    values.into_iter().map(f32::to_bits).collect()
}

#[test]
fn tensors_of_large_files_stay_narrow_and_compute_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    for (precision, name) in [(DType::F16, "f16"), (DType::BF16, "bf16")] {
        let path = folder.path().join(format!("{name}.safetensors"));
        let fresh = Weights::fresh(4, &Device::Cpu);
        let shape = ConvShape::new(1, 1);
        Linear::new(&fresh.at("linear"), 48, 32).unwrap();
        Conv2d::new(&fresh.at("conv"), 5, 7, 3, shape).unwrap();
        fresh.save(&path, precision).unwrap();

        let wide = Weights::load(&[&path], &Device::Cpu).unwrap();
        let narrow = as_if_large(Weights::load(&[&path], &Device::Cpu).unwrap());
        let kept = narrow.get_stored("linear.weight", [32, 48], Init::Zeros).unwrap();
        assert_eq!(
            kept.dtype(),
            precision,
            "a large file's tensors are not widened when they are read"
        );
        assert_eq!(
            narrow
                .get("linear.weight", [32, 48], Init::Zeros)
                .unwrap()
                .dtype(),
            DType::F32,
            "who asks for f32 gets f32"
        );
        let x = Weights::fresh(5, &Device::Cpu);
        let x = x.get("x", [3, 48], Init::Normal(1.0)).unwrap();
        let linear = |weights: &Weights| {
            Linear::new(&weights.at("linear"), 48, 32)
                .unwrap()
                .forward(&x)
                .unwrap()
        };
        assert_eq!(
            bits(&linear(&wide)),
            bits(&linear(&narrow)),
            "{name}: linear layers must agree to the bit"
        );
        let x = x
            .flatten_all()
            .unwrap()
            .narrow(0, 0, 80)
            .unwrap()
            .reshape((1, 5, 4, 4))
            .unwrap();
        let conv = |weights: &Weights| {
            Conv2d::new(&weights.at("conv"), 5, 7, 3, shape)
                .unwrap()
                .forward(&x)
                .unwrap()
        };
        assert_eq!(
            bits(&conv(&wide)),
            bits(&conv(&narrow)),
            "{name}: convolutions must agree to the bit"
        );
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_open_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let fresh = Weights::fresh(1, &Device::Cpu);
    fresh.get("weight", [4096], Init::Normal(1.0)).unwrap();
    fresh.save(&path, DType::F32).unwrap();
    let weights = Weights::load(&[&path], &Device::Cpu).unwrap();
    std::fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1000)
        .unwrap();
    let error = weights
        .get("weight", [4096], Init::Zeros)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("model.safetensors") && error.contains("cut off"),
        "{error}"
    );
    // And one that is cut off from the start says so when it is opened.
    let error = Weights::load(&[&path], &Device::Cpu).err().unwrap().to_string();
    assert!(
        error.contains("model.safetensors") && error.contains("1000 bytes"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_written_over_is_not_read_as_two_halves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let fresh = Weights::fresh(1, &Device::Cpu);
    fresh.get("weight", [16], Init::Normal(1.0)).unwrap();
    fresh.save(&path, DType::F32).unwrap();
    let weights = Weights::load(&[&path], &Device::Cpu).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::io::Write::write_all(&mut &file, &bytes).unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    file.set_modified(later).unwrap();
    let error = weights.get("weight", [16], Init::Zeros).unwrap_err().to_string();
    assert!(error.contains("was changed"), "{error}");
}

#[test]
fn pickles_are_refused_by_ending_and_by_content_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("model.ckpt", b"PK\x03\x04 zip archive".as_slice()),
        ("model.pt", b"anything at all".as_slice()),
        ("lora.pth", b"anything at all".as_slice()),
        ("renamed.safetensors", b"PK\x03\x04 zip archive".as_slice()),
        ("old.safetensors", b"\x80\x02}q\x00(X\x05\x00\x00\x00".as_slice()),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let error = sniff(&path).unwrap_err().to_string();
        assert!(
            error.contains(name) && error.contains("can run code") && error.contains("save_file"),
            "{error}"
        );
    }
}

#[test]
fn every_type_of_a_gguf_file_is_unpacked_as_candle_does() {
    use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("types.gguf");
    let types = [
        GgmlDType::F32,
        GgmlDType::F16,
        GgmlDType::BF16,
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q8_0,
        GgmlDType::Q2K,
        GgmlDType::Q3K,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
    ];
    let source = Weights::fresh(2, &Device::Cpu)
        .get("x", [3, 512], Init::Normal(1.0))
        .unwrap();
    let packed: Vec<(String, QTensor)> = types
        .iter()
        .map(|kind| (format!("{kind:?}"), QTensor::quantize(&source, *kind).unwrap()))
        .collect();
    let listed: Vec<(&str, &QTensor)> = packed
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    let list = gguf_file::Value::Array(vec![gguf_file::Value::U32(7); 3]);
    let mut file = std::fs::File::create(&path).unwrap();
    gguf_file::write(&mut file, &[("some.list", &list)], &listed).unwrap();
    drop(file);
    let weights = Weights::load(&[&path], &Device::Cpu).unwrap();
    for (name, packed) in &packed {
        let found = weights.get(name, [3, 512], Init::Zeros).unwrap();
        assert_eq!(
            bits(&found),
            bits(&packed.dequantize(&Device::Cpu).unwrap()),
            "{name}"
        );
    }
    // Cut off, and with a count that no file can hold: an error with the name, and no memory taken.
    let whole = std::fs::read(&path).unwrap();
    for (end, at, value) in [
        (whole.len() / 2, 0, None),
        (whole.len(), 8, Some(u64::MAX)),
        (20, 0, None),
    ] {
        let mut broken = whole[..end].to_vec();
        if let Some(value) = value {
            broken[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        std::fs::write(&path, broken).unwrap();
        let error = Weights::load(&[&path], &Device::Cpu).err().unwrap().to_string();
        assert!(error.contains("types.gguf"), "{error}");
    }
}

#[test]
fn every_kind_of_file_is_known_by_its_header() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/golden");
    let seen = |path: &Path| sniff(path).unwrap().contents;
    let network = |part: &str| seen(&golden.join(part));
    let file = "diffusion_pytorch_model.safetensors";
    assert_eq!(
        network(&format!("sd1/unet/{file}")),
        Contents::UNet {
            family: Family::Custom
        }
    );
    assert_eq!(network(&format!("sd1/vae/{file}")), Contents::Vae);
    assert_eq!(
        network("sd1/text_encoder/model.safetensors"),
        Contents::TextEncoder { width: 16 }
    );
    assert_eq!(
        network("sdxl/text_encoder_2/model.safetensors"),
        Contents::TextEncoder { width: 20 }
    );

    let folder = tempfile::tempdir().unwrap();
    let written = |tensors: &[(&str, &[usize])]| {
        let path = folder.path().join("file.safetensors");
        let zeros = tensors.iter().map(|(name, shape)| {
            (
                (*name).to_owned(),
                Tensor::zeros(*shape, DType::F32, &Device::Cpu).unwrap(),
            )
        });
        save_tensors(&zeros.collect(), &path, DType::F16).unwrap();
        seen(&path)
    };
    let inversion = |tokens, widths: &[usize]| Contents::TextualInversion {
        tokens,
        widths: widths.to_vec(),
    };
    assert_eq!(written(&[("emb_params", &[4, 768])]), inversion(4, &[768]));
    assert_eq!(written(&[("<fox>", &[1024])]), inversion(1, &[1024]));
    assert_eq!(
        written(&[("clip_g", &[2, 1280]), ("clip_l", &[2, 768])]),
        inversion(2, &[768, 1280])
    );
    assert_eq!(written(&[("weight", &[3, 3]), ("bias", &[3])]), Contents::Unknown);
    let flux = written(&[
        ("double_blocks.0.img_attn.proj.weight", &[3, 3]),
        ("img_in.weight", &[3, 3]),
    ]);
    assert!(
        matches!(
            &flux,
            Contents::UnusableCheckpoint {
                family: Some(Family::Foreign("Flux")),
                ..
            }
        ),
        "{flux:?}"
    );
}
