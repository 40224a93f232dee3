//! What a module of a LoRA adds to a weight: the formulas.
//!
//! LoRA: Hu et al. 2021. The decompositions of convolutions, `LoHa` and `LoKr`: `LyCORIS` (Yeh et al. 2023), after
//! `FedPara` (Hyeon-Woo et al. 2021) and `KronA` (Edalati et al. 2022). All in f32.

use std::collections::BTreeMap;

use candle_core::{Result, Tensor, bail};

use super::keys::{Factor, Role};

/// The scale that a module's alpha gives it: alpha / rank, and 1 where there is no alpha or nothing is decomposed.
pub(super) fn scale(roles: &BTreeMap<Role, Vec<usize>>, alpha: Option<f64>) -> f64 {
    match (alpha, rank(roles)) {
        (Some(alpha), Some(rank)) if rank > 0 => alpha / rank as f64,
        _ => 1.0,
    }
}

/// The inner dimension of a module, from the shapes of its tensors; `None` where nothing is decomposed.
pub(super) fn rank(roles: &BTreeMap<Role, Vec<usize>>) -> Option<usize> {
    [
        Role::Down,
        Role::HadaFirst(Factor::B),
        Role::KronSecond(Factor::B),
        Role::KronFirst(Factor::B),
    ]
    .iter()
    .find_map(|role| roles.get(role)?.first().copied())
}

/// Rows and values of the change that these tensors make, so that it can be held against the weight before anything
/// is read; `None` if they make none.
pub(super) fn extent(roles: &BTreeMap<Role, Vec<usize>>) -> Option<(usize, usize)> {
    let side = |role: Role, axis: usize| roles.get(&role)?.get(axis).copied();
    let count = |role: Role| roles.get(&role).map(|shape| shape.iter().product::<usize>());
    if let Some(shape) = roles.get(&Role::Difference) {
        return Some((shape.first().copied()?, shape.iter().product()));
    }
    if let (Some(rows), Some(rank)) = (side(Role::Up, 0), side(Role::Down, 0)) {
        let inner = count(Role::Down)? / rank.max(1);
        let kernel = match roles.get(&Role::Mid).map(Vec::as_slice) {
            Some([_, _, kernel @ ..]) => product(kernel.iter().copied()),
            _ => 1,
        };
        return Some((rows, product([rows, inner, kernel])));
    }
    if roles.contains_key(&Role::HadaFirst(Factor::A)) {
        return factored(roles, Role::HadaFirst);
    }
    let (first, second) = (
        factored(roles, Role::KronFirst)?,
        factored(roles, Role::KronSecond)?,
    );
    Some((product([first.0, second.0]), product([first.1, second.1])))
}

/// Sides of different tensors, which no header has held against the length of the file, may multiply to anything.
fn product(sides: impl IntoIterator<Item = usize>) -> usize {
    sides.into_iter().fold(1, usize::saturating_mul)
}

fn factored(roles: &BTreeMap<Role, Vec<usize>>, role: impl Fn(Factor) -> Role) -> Option<(usize, usize)> {
    let shape = |factor| roles.get(&role(factor)).map(Vec::as_slice);
    if let Some(whole) = shape(Factor::Whole) {
        return Some((*whole.first()?, whole.iter().product()));
    }
    match (shape(Factor::A)?, shape(Factor::B)?, shape(Factor::Core)) {
        ([_, rows], [_, columns], Some([_, _, kernel @ ..])) => Some((
            *rows,
            product([*rows, *columns].into_iter().chain(kernel.iter().copied())),
        )),
        ([rows, _], [_, columns @ ..], None) => {
            Some((*rows, product([*rows].into_iter().chain(columns.iter().copied()))))
        }
        _ => None,
    }
}

/// The change of a weight of `shape`, unscaled.
pub(super) fn change(tensors: &BTreeMap<Role, Tensor>, shape: &[usize]) -> Result<Tensor> {
    let change = if let Some(difference) = tensors.get(&Role::Difference) {
        difference.clone()
    } else if let (Some(up), Some(down)) = (tensors.get(&Role::Up), tensors.get(&Role::Down)) {
        low_rank(up, down, tensors.get(&Role::Mid))?
    } else if tensors.contains_key(&Role::HadaFirst(Factor::A)) {
        (matrix(tensors, Role::HadaFirst)? * matrix(tensors, Role::HadaSecond)?)?
    } else {
        kronecker(
            &matrix(tensors, Role::KronFirst)?,
            &matrix(tensors, Role::KronSecond)?,
        )?
    };
    change.reshape(shape)
}

/// up · down, with the core of a Tucker decomposition between them: Σ up[o,r] mid[r,s,k,l] down[s,i].
fn low_rank(up: &Tensor, down: &Tensor, mid: Option<&Tensor>) -> Result<Tensor> {
    let (up, down) = (up.flatten_from(1)?, down.flatten_from(1)?);
    match mid {
        None => up.matmul(&down),
        Some(mid) => tucker(mid, &up, &down.t()?.contiguous()?),
    }
}

/// Σ core[r,s,k,l] rows[o,r] columns[i,s] → [o, i, k, l].
fn tucker(core: &Tensor, rows: &Tensor, columns: &Tensor) -> Result<Tensor> {
    let (r, s, k, l) = core.dims4()?;
    let (o, i) = (rows.dim(0)?, columns.dim(0)?);
    // [o, s·k·l], then s to the front for the second product.
    let half = rows.matmul(&core.reshape((r, s * k * l))?)?;
    let half = half.reshape((o, s, k * l))?.transpose(0, 1)?.contiguous()?;
    let whole = columns.matmul(&half.reshape((s, o * k * l))?)?;
    whole.reshape((i, o, k, l))?.transpose(0, 1)?.contiguous()
}

/// The matrix (or kernel) that the factors of one side make.
fn matrix(tensors: &BTreeMap<Role, Tensor>, role: impl Fn(Factor) -> Role) -> Result<Tensor> {
    let factor = |factor| tensors.get(&role(factor));
    match (
        factor(Factor::Whole),
        factor(Factor::A),
        factor(Factor::B),
        factor(Factor::Core),
    ) {
        (Some(whole), ..) => Ok(whole.clone()),
        (None, Some(a), Some(b), None) => {
            let shape = [&[a.dim(0)?], &b.dims()[1..]].concat();
            a.flatten_from(1)?.matmul(&b.flatten_from(1)?)?.reshape(shape)
        }
        // Here a is [rank, out] and b is [rank, in].
        (None, Some(a), Some(b), Some(core)) => tucker(core, &a.t()?.contiguous()?, &b.t()?.contiguous()?),
        _ => bail!("a factor is missing"),
    }
}

/// The Kronecker product of a matrix [a, b] and a matrix or kernel [c, d (, k, l)] → [a·c, b·d (, k, l)].
fn kronecker(outer: &Tensor, inner: &Tensor) -> Result<Tensor> {
    let outer = outer.flatten_from(1)?;
    let (a, b) = outer.dims2()?;
    let [c, d, kernel @ ..] = inner.dims() else {
        bail!("a Kronecker product needs two matrices, not {:?}", inner.dims());
    };
    let taps: usize = kernel.iter().product();
    let outer = outer.reshape((a, 1, b, 1, 1))?;
    let inner = inner.reshape((1, *c, 1, *d, taps))?;
    outer
        .broadcast_mul(&inner)?
        .reshape([&[a * c, b * d], kernel].concat())
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn a_kronecker_product_is_blocks_of_the_inner_matrix() {
        let tensor = |values: &[f32], shape: (usize, usize)| {
            Tensor::from_vec(values.to_vec(), shape, &Device::Cpu).unwrap()
        };
        let product = kronecker(&tensor(&[1., 2.], (1, 2)), &tensor(&[3., 4., 5., 6.], (2, 2))).unwrap();
        assert_eq!(
            product.to_vec2::<f32>().unwrap(),
            [[3., 4., 6., 8.], [5., 6., 10., 12.]]
        );
    }

    #[test]
    fn alpha_scales_what_is_decomposed_only() {
        let roles =
            |list: &[(Role, &[usize])]| list.iter().map(|(role, shape)| (*role, shape.to_vec())).collect();
        let low = roles(&[(Role::Down, &[4, 8]), (Role::Up, &[8, 4])]);
        assert!((scale(&low, Some(2.0)) - 0.5).abs() < 1e-12);
        assert!((scale(&low, None) - 1.0).abs() < 1e-12);
        let whole = roles(&[
            (Role::KronFirst(Factor::Whole), &[2, 2]),
            (Role::KronSecond(Factor::Whole), &[4, 4]),
        ]);
        assert!(
            (scale(&whole, Some(1e10)) - 1.0).abs() < 1e-12,
            "nothing is decomposed"
        );
        assert_eq!(extent(&whole), Some((8, 64)));
    }
}
