//! The innermost loops, compiled once for every width of vector register and chosen as the program runs. Sums are kept in sixteen
//! lanes whose order is fixed, without fused multiplication, so that every processor computes the same bits.

/// Lanes of a sum of floats.
const LANES: usize = 16;

/// Declares a function whose one body is compiled for AVX-512, for AVX2 and for any processor.
macro_rules! for_every_processor {
    ($(#[$docs:meta])* $name:ident / $body:ident, ($($argument:ident: $kind:ty),*) $(-> $answer:ty)?) => {
        $(#[$docs])*
        #[inline]
        pub(super) fn $name($($argument: $kind),*) $(-> $answer)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
                fn widest($($argument: $kind),*) $(-> $answer)? {
                    $body($($argument),*)
                }
                #[target_feature(enable = "avx2")]
                fn wide($($argument: $kind),*) $(-> $answer)? {
                    $body($($argument),*)
                }
                if is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                {
                    // SAFETY: the processor has just said that it has these instructions.
                    return unsafe { widest($($argument),*) };
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: as above.
                    return unsafe { wide($($argument),*) };
                }
            }
            $body($($argument),*)
        }
    };
}

for_every_processor! {
    /// Scalar product of two rows of one width.
    dot / plain_dot, (a: &[f32], b: &[f32]) -> f32
}

for_every_processor! {
    /// Scalar products of a query with each of the rows.
    products / plain_products, (query: &[f32], rows: &[f32], answer: &mut [f32])
}

for_every_processor! {
    /// Scalar products of a query of bytes with each of the rows of bytes.
    byte_products / plain_byte_products, (query: &[i8], rows: &[i8], answer: &mut [i32])
}

#[inline(always)]
#[allow(clippy::inline_always)] // The point of it: the body takes the instructions of the function that calls it.
fn plain_dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
        lanes[lane] += a * b;
    }
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

#[inline(always)]
#[allow(clippy::inline_always)]
fn plain_products(query: &[f32], rows: &[f32], answer: &mut [f32]) {
    for (product, row) in answer.iter_mut().zip(rows.chunks_exact(query.len())) {
        *product = plain_dot(query, row);
    }
}

#[inline(always)]
#[allow(clippy::inline_always)]
fn plain_byte_products(query: &[i8], rows: &[i8], answer: &mut [i32]) {
    for (product, row) in answer.iter_mut().zip(rows.chunks_exact(query.len())) {
        *product = query
            .iter()
            .zip(row)
            .map(|(&a, &b)| i32::from(i16::from(a) * i16::from(b)))
            .sum();
    }
}
