//! Inner loops compiled once for every width of vector register, and chosen as the program runs. Nothing in them depends on the
//! width: whole numbers are exact, floats are added in a fixed order, and multiplication and addition are never fused.

/// Declares a function whose one body is compiled for AVX-512, for AVX2 and for any processor.
macro_rules! for_every_processor {
    ($(#[$docs:meta])* $name:ident / $body:ident, ($($argument:ident: $kind:ty),*) $(-> $answer:ty)?) => {
        $(#[$docs])*
        #[inline]
        pub(crate) fn $name($($argument: $kind),*) $(-> $answer)? {
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

pub(crate) use for_every_processor;
