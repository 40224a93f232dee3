//! Editions one after the other, as a GIF.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use gif::{Encoder, Frame, Repeat};
use salon_domain::CancelToken;

use super::paint::Paintbox;
use super::{Collection, Edition};
use crate::Result;
use crate::canvas::Canvas;
use crate::error::LayersError;

/// Pictures of one film.
const MOST_FRAMES: usize = 500;
/// `gif`'s own measure: 1 looks longest for colours, 30 shortest.
const SPEED: i32 = 10;

impl Collection {
    /// Writes `editions` to `path` as a GIF that never ends, each shown for `milliseconds` (in steps of 10), `width` wide.
    ///
    /// # Errors
    /// None or too many editions, a layer that cannot be decoded, a disk that refuses, or a cancel.
    pub fn film(
        &self,
        editions: &[Edition],
        width: u32,
        milliseconds: u32,
        path: &Path,
        cancel: &CancelToken,
    ) -> Result<()> {
        if editions.is_empty() || editions.len() > MOST_FRAMES {
            return Err(LayersError::Count {
                count: editions.len() as u64,
                largest: MOST_FRAMES as u64,
            });
        }
        let told = |fault: gif::EncodingError| match fault {
            gif::EncodingError::Io(fault) => LayersError::io(path)(fault),
            other => LayersError::BadPicture {
                path: path.to_path_buf(),
                problem: other.to_string(),
            },
        };
        let size = self.size_at(Some(width))?;
        let (Ok(across), Ok(down)) = (u16::try_from(size.0), u16::try_from(size.1)) else {
            return Err(LayersError::Size {
                size: width,
                smallest: crate::SMALLEST_SIZE,
                largest: u16::MAX.into(),
            });
        };
        let paintbox = Paintbox::new(self, size);
        paintbox.prepare(editions, cancel)?;
        let file = File::create(path).map_err(LayersError::io(path))?;
        let mut encoder = Encoder::new(BufWriter::new(file), across, down, &[]).map_err(told)?;
        encoder.set_repeat(Repeat::Infinite).map_err(told)?;
        let mut canvas = Canvas::new(size.0, size.1);
        for (done, edition) in (0..).zip(editions) {
            if cancel.is_cancelled() {
                return Err(LayersError::Cancelled {
                    done,
                    count: editions.len() as u64,
                });
            }
            paintbox.paint(edition, &mut canvas)?;
            let mut frame = Frame::from_rgba_speed(across, down, &mut canvas.straight(), SPEED);
            frame.delay = u16::try_from(milliseconds / 10).unwrap_or(u16::MAX);
            encoder.write_frame(&frame).map_err(told)?;
        }
        Ok(())
    }
}
