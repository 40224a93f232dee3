//! Decoding in overlapping tiles, so that memory does not grow with the picture. What a tile does not see, its group
//! norms and its attention do not know either: the result is not quite that of decoding whole.

use candle_core::{Result as TensorResult, Tensor};

use super::AutoencoderKl;

/// Share of a tile that the next one repeats; diffusers' default.
const OVERLAP: f64 = 0.25;

impl AutoencoderKl {
    /// The same as [`AutoencoderKl::decode`] in tiles of the size that the autoencoder was trained on; each runs over
    /// into its neighbours by a quarter and is blended with them linearly, as diffusers' `tiled_decode` does. Latents
    /// that fit into one tile are decoded whole.
    pub fn decode_tiled(&self, latents: &Tensor) -> TensorResult<Tensor> {
        let (_, _, height, width) = latents.dims4()?;
        let factor = self.config().factor();
        let side = self.config().sample_size / factor;
        let step = (side as f64 * (1.0 - OVERLAP)) as usize;
        if step == 0 || (height <= side && width <= side) {
            return self.decode(latents);
        }
        let (kept, blended) = (step * factor, (side - step) * factor);
        let mut bands = Vec::new();
        let mut above: Vec<Tensor> = Vec::new();
        for top in (0..height).step_by(step) {
            let rows = latents.narrow(2, top, side.min(height - top))?;
            let mut band: Vec<Tensor> = Vec::new();
            let mut parts = Vec::new();
            for (column, left) in (0..width).step_by(step).enumerate() {
                let tile = rows.narrow(3, left, side.min(width - left))?.contiguous()?;
                let mut tile = self.decode(&tile)?;
                if let Some(upper) = above.get(column) {
                    tile = blend(upper, &tile, 2, blended)?;
                }
                if let Some(before) = band.last() {
                    tile = blend(before, &tile, 3, blended)?;
                }
                let (_, _, tall, wide) = tile.dims4()?;
                parts.push(tile.narrow(2, 0, kept.min(tall))?.narrow(3, 0, kept.min(wide))?);
                band.push(tile);
            }
            bands.push(Tensor::cat(&parts, 3)?);
            above = band;
        }
        Tensor::cat(&bands, 2)
    }
}

/// `tile` whose first `extent` rows (`axis` 2) or columns (`axis` 3) fade over from the last ones of its neighbour.
fn blend(neighbour: &Tensor, tile: &Tensor, axis: usize, extent: usize) -> TensorResult<Tensor> {
    let (before, size) = (neighbour.dim(axis)?, tile.dim(axis)?);
    let extent = extent.min(before).min(size);
    let shares: Vec<f32> = (0..extent).map(|at| at as f32 / extent as f32).collect();
    let mut shape = [1; 4];
    shape[axis] = extent;
    let shares = Tensor::from_vec(shares, &shape, tile.device())?.to_dtype(tile.dtype())?;
    let leaving = neighbour
        .narrow(axis, before - extent, extent)?
        .broadcast_mul(&shares.affine(-1.0, 1.0)?)?;
    let entering = tile.narrow(axis, 0, extent)?.broadcast_mul(&shares)?;
    let seam = (leaving + entering)?;
    if extent == size {
        return Ok(seam);
    }
    Tensor::cat(&[seam, tile.narrow(axis, extent, size - extent)?], axis)
}
