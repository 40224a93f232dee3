//! Heads against torch, and what is refused. The files are made by `tests/golden/make_encoders.py`.

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor, safetensors};
use salon_judge::heads::Head;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden/heads")
        .join(name)
}

#[test]
fn heads_score_as_torch_does() {
    let expected = safetensors::load(golden("expected.safetensors"), &Device::Cpu).unwrap();
    let embeddings: Vec<Vec<f32>> = expected["embeddings"].to_vec2().unwrap();
    for (name, licence) in [("linear", "MIT"), ("chain", "Apache-2.0")] {
        let head = Head::open(&golden(&format!("{name}.safetensors"))).unwrap();
        assert_eq!(
            (head.width(), head.id().licence.as_str()),
            (24, licence),
            "{name}"
        );
        let theirs: Vec<f32> = expected[name].to_vec1().unwrap();
        for (embedding, theirs) in embeddings.iter().zip(theirs) {
            let ours = head.score(embedding).unwrap();
            assert!(
                (ours - theirs).abs() < 1e-5,
                "{name}: {ours}, torch says {theirs}"
            );
        }
    }
}

#[test]
fn an_embedding_that_is_not_the_heads_is_refused() {
    let head = Head::open(&golden("linear.safetensors")).unwrap();
    let said = head.score(&[0.1; 20]).unwrap_err().to_string();
    assert!(
        said.contains("24 numbers") && said.contains("gives 20") && said.contains("`linear`"),
        "{said}"
    );
    let said = head.score(&[1.0; 24]).unwrap_err().to_string();
    assert!(
        said.contains("length 1"),
        "an embedding that is not normalised would score nonsense: {said}"
    );
    assert!(
        head.score(&[f32::NAN; 24]).is_err(),
        "an embedding that is no number has no score"
    );
}

#[test]
fn files_that_are_no_heads_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, tensors: &[(&str, Tensor)]| {
        let path = folder.path().join(name);
        safetensors::save(&tensors.iter().cloned().collect(), &path).unwrap();
        path
    };
    let zeros = |dims: &[usize]| Tensor::zeros(dims, candle_core::DType::F32, &Device::Cpu).unwrap();
    let nan = Tensor::full(f32::NAN, (1, 4), &Device::Cpu).unwrap();
    let pickle = folder.path().join("sac+logos+ava1-l14-linearMSE.pth");
    std::fs::write(&pickle, b"PK").unwrap();
    let cases = [
        (pickle, "convert it once"),
        (write("empty.safetensors", &[("bias", zeros(&[1]))]), "no matrix"),
        (
            write("many.safetensors", &[("weight", zeros(&[2, 4]))]),
            "ends in one number",
        ),
        (
            write(
                "broken.safetensors",
                &[
                    ("layers.0.weight", zeros(&[3, 4])),
                    ("layers.1.weight", zeros(&[1, 2])),
                ],
            ),
            "gives 3 numbers where 2 are read",
        ),
        (
            write(
                "norm.safetensors",
                &[("weight", zeros(&[1, 4])), ("running_mean", zeros(&[4]))],
            ),
            "`running_mean`",
        ),
        (write("nan.safetensors", &[("weight", nan)]), "no number"),
        (
            write(
                "order.safetensors",
                &[("a.weight", zeros(&[4, 4])), ("b.weight", zeros(&[1, 4]))],
            ),
            "which order",
        ),
        (folder.path().join("gone.safetensors"), "could not be read"),
    ];
    for (path, words) in cases {
        let said = Head::open(&path).unwrap_err().to_string();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            said.contains(words) && said.contains(&name),
            "\"{said}\" should name {name} and say \"{words}\""
        );
    }
}
