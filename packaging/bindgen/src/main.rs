//! `bindgen --target web --out-dir FOLDER --out-name NAME FILE`: what wasm-bindgen's own command line does of this.

use std::error::Error;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ["--target", "web", "--out-dir", folder, "--out-name", name, file] = arguments[..] else {
        return Err("expected --target web --out-dir FOLDER --out-name NAME FILE".into());
    };
    let mut bindgen = Bindgen::new();
    bindgen.web(true)?.typescript(true).omit_default_module_path(false).out_name(name);
    Ok(bindgen.input_path(file).generate(folder)?)
}
