//! Any configuration with any weights, or weights alone: an error, or a model of finite parameters that runs.
//!
//! An input is a configuration, which begins with a brace, a zero byte, and weights; or weights alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use splinterp::engine::{Operation, apply};
use splinterp::interop::{NamedFile, read};

/// Larger models are read too, but running them takes the fuzzer's time.
const SMALL: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    let named = |name: &str, bytes: &[u8]| NamedFile { name: name.to_owned(), bytes: bytes.to_vec() };
    let split = if bytes.starts_with(b"{") { bytes.iter().position(|&byte| byte == 0) } else { None };
    let files = match split {
        Some(at) => vec![named("cfg.json", &bytes[..at]), named("weights", &bytes[at + 1..])],
        None => vec![named("weights", bytes)],
    };
    if let Ok(sae) = read(&files) {
        let all = [&sae.w_enc, &sae.b_enc, sae.decoder(), &sae.b_dec];
        assert!(all.into_iter().flatten().all(|value| value.is_finite()));
        if sae.d_in * sae.d_sae < SMALL {
            let out = apply(Operation::Forward, &sae, &vec![1.0; sae.d_in]).expect("one row");
            assert_eq!(out.len(), sae.d_in);
        }
    }
});
