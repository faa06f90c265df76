//! Any bytes as sidecar tokens of a file of three rows.
#![no_main]

use splinterp::data::Tokens;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match Tokens::read(bytes, "a.tokens.json", 3) {
        Ok(tokens) => assert!((0..4).map(|row| tokens.token(row).is_some()).eq([true, true, true, false])),
        Err(error) => assert!(error.to_string().starts_with("a.tokens.json: ")),
    }
});
