//! Writes a contact sheet for looking: `contact_sheet LAYERS_DIR OUT.png [COUNT] [SEED] [TILE]`.

use salon_layers::{LayerSet, contact_sheet};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, out, rest @ ..] = &arguments[..] else {
        return Err("usage: contact_sheet LAYERS_DIR OUT.png [COUNT] [SEED] [TILE]".into());
    };
    let number = |at: usize, default: u64| rest.get(at).map_or(Ok(default), |text| text.parse());
    let (count, seed, tile) = (number(0, 64)?, number(1, 1)?, number(2, 128)?);
    let set = LayerSet::load(dir)?;
    contact_sheet(&set, u32::try_from(count)?, seed, u32::try_from(tile)?)?.save(out)?;
    Ok(())
}
