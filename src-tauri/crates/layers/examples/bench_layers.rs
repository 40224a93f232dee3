//! Layers at a size that is minted: `bench_layers plant DIR` makes a `HashLips` project of the house's art (7 layers of PNG,
//! 1000×1000), `bench_layers render DIR OUT COUNT` renders it on `RAYON_NUM_THREADS` threads, and `bench_layers time DIR COUNT`
//! says where the time goes, in milliseconds per edition on one thread.

#![allow(clippy::print_stdout)] // Printing is what it is for.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use salon_domain::CancelToken;
use salon_layers::{ChooseOrder, Collection, CollectionOrder, Edition, LayersError};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SIDE: u32 = 1000;
/// The house's layers that are pictures; its palettes keep the colours that the files fall back to.
const LAYERS: [&str; 7] = [
    "Background",
    "Species",
    "Outfit",
    "Neckwear",
    "Eyes",
    "Mouth",
    "Headwear",
];

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["plant", dir] => plant(Path::new(dir)),
        ["render", dir, out, count] => render(Path::new(dir), Path::new(out), count.parse()?),
        ["time", dir, count] => time(Path::new(dir), count.parse()?),
        _ => Err("usage: bench_layers plant DIR | render DIR OUT COUNT | time DIR COUNT".into()),
    }
}

/// Renders every SVG by itself, transparent around it.
fn plant(dir: &Path) -> Outcome {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../assets/house/layers");
    for layer in LAYERS {
        let alone = dir.join("alone");
        for entry in fs::read_dir(house.join(layer))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_owned();
            fs::create_dir_all(alone.join("layers").join(layer))?;
            fs::copy(&path, alone.join("layers").join(layer).join(name))?;
        }
        let collection = Collection::read(&alone)?;
        let count = u64::try_from(collection.feasible()[0].editions)?;
        let order = ChooseOrder {
            count: Some(count),
            ..ChooseOrder::default()
        };
        let cancel = CancelToken::new();
        let editions = collection.choose(&order, &cancel)?;
        let out = dir.join("layers").join(layer);
        fs::create_dir_all(&out)?;
        let write = |edition: &Edition, bytes: Vec<u8>| -> Result<(), LayersError> {
            let path = out.join(format!("{}#10.png", edition.traits[0].value));
            fs::write(&path, bytes).map_err(|source| LayersError::Io { path, source })
        };
        collection.render_each(&editions, Some(SIDE), &|_| Vec::new(), &write, &cancel)?;
        fs::remove_dir_all(&alone)?;
    }
    let order: String = LAYERS.map(|layer| format!("{{ name: \"{layer}\" }}, ")).concat();
    fs::create_dir_all(dir.join("src"))?;
    fs::write(
        dir.join("src/config.js"),
        format!(
            "const layerConfigurations = [{{ growEditionSizeTo: 100, layersOrder: [{order}] }}];\nconst format = {{ width: {SIDE}, height: {SIDE} }};\n"
        ),
    )?;
    Ok(())
}

fn render(dir: &Path, out: &Path, count: u64) -> Outcome {
    let order = CollectionOrder {
        count: Some(count),
        seed: 1,
        width: None,
        out_dir: out.to_path_buf(),
        append: false,
    };
    Collection::read(dir)?.render(&order, &|_| (), &CancelToken::new())?;
    Ok(())
}

fn time(dir: &Path, count: u64) -> Outcome {
    let collection = Collection::read(dir)?;
    let order = ChooseOrder {
        count: Some(count),
        seed: 1,
        ..ChooseOrder::default()
    };
    let cancel = CancelToken::new();
    let began = Instant::now();
    let editions = collection.choose(&order, &cancel)?;
    println!("choosing {:.3}", milliseconds(began, count));
    let bytes = Mutex::new(0);
    let add = |_: &Edition, png: Vec<u8>| -> Result<(), LayersError> {
        *bytes.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += png.len();
        Ok(())
    };
    // Once for the layers' decoding, which every further edition shares.
    let began = Instant::now();
    collection.render_each(&editions[..1], None, &|_| Vec::new(), &add, &cancel)?;
    let first = began.elapsed();
    let began = Instant::now();
    collection.render_each(&editions, None, &|_| Vec::new(), &add, &cancel)?;
    println!(
        "all, layers decoded once: {:.3} (the first alone {:.1})",
        milliseconds(began, count),
        first.as_secs_f64() * 1e3
    );
    let bytes = bytes
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    println!("{} bytes each", bytes as u64 / (count + 1));
    Ok(())
}

fn milliseconds(began: Instant, count: u64) -> f64 {
    began.elapsed().as_secs_f64() * 1e3 / count as f64
}
