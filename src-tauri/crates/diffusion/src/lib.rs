//! salon-diffusion
