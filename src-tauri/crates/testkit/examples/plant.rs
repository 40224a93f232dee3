//! Plants a large project: `plant FOLDER.salon COUNT [SIDE]`.
#![allow(clippy::print_stdout)] // It says what it did.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use salon_testkit::{Planting, plant};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(count)) = (arguments.next(), arguments.next()) else {
        return Err("usage: plant FOLDER.salon COUNT [SIDE]".into());
    };
    let planting = Planting {
        count: count.parse()?,
        side: arguments.next().map_or(Ok(64), |side| side.parse())?,
    };
    let begun = Instant::now();
    plant(Path::new(&folder), planting)?;
    println!(
        "{} candidates of {} × {} pixels in {:.1} s",
        planting.count,
        planting.side,
        planting.side,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
