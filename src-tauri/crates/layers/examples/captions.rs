//! Prints training captions and the compositor's speed: `captions LAYERS_DIR [COUNT]`.

use std::io::Write;
use std::time::Instant;

use rayon::prelude::*;
use salon_layers::LayerSet;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let dir = arguments.first().ok_or("usage: captions LAYERS_DIR [COUNT]")?;
    let count: u64 = arguments.get(1).map_or(Ok(20), |text| text.parse())?;
    let set = LayerSet::load(dir)?;
    let mut out = std::io::stdout().lock();
    for index in 0..count {
        let composition = set.draw(1, index);
        writeln!(out, "{}", set.caption(&composition, index))?;
        writeln!(out, "    {}", set.training_caption(&composition, index).text)?;
    }
    let longest = (0..20_000)
        .map(|index| set.caption(&set.draw(2, index), index))
        .max_by_key(|text| text.split_whitespace().count());
    let longest = longest.unwrap_or_default();
    writeln!(
        out,
        "longest of 20000, {} words: {longest}",
        longest.split_whitespace().count()
    )?;
    for size in [128, 256, 512] {
        for pictures in [2000_u64, 4000] {
            let pictures = pictures * 128 / u64::from(size);
            let start = Instant::now();
            (0..pictures)
                .into_par_iter()
                .try_for_each(|index| set.render(&set.draw(3, index), size).map(drop))?;
            let rate = pictures as f64 / start.elapsed().as_secs_f64();
            writeln!(out, "{size} px: {rate:.0} pictures/s over {pictures}")?;
        }
    }
    Ok(())
}
