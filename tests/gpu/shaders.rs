//! Every kernel passes naga's validation, as every device will ask, before and after its overrides are filled in.
use std::collections::{BTreeSet, HashMap};

use naga::back::{PipelineConstants, pipeline_constants::process_overrides};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{Module, ShaderStage};
use splinterp::engine::gpu::{Kernel, OVERRIDES};

fn parsed(kernel: Kernel) -> (Module, ModuleInfo) {
    let source = kernel.source();
    let module = naga::front::wgsl::parse_str(&source)
        .unwrap_or_else(|error| panic!("{}", error.emit_to_string_with_path(&source, kernel.name())));
    let info = Validator::new(ValidationFlags::all(), Capabilities::SHADER_FLOAT16_IN_FLOAT32)
        .validate(&module)
        .unwrap_or_else(|error| panic!("{}", error.emit_to_string_with_path(&source, kernel.name())));
    (module, info)
}

/// The kernel with these values in place of its overrides, validated again.
fn specialised(kernel: Kernel, values: &[(&str, f64)]) -> Result<Module, String> {
    let (module, info) = parsed(kernel);
    let values: HashMap<String, f64> = values.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    let values: PipelineConstants = values.into_iter().collect();
    process_overrides(&module, &info, Some((ShaderStage::Compute, "main")), &values)
        .map(|(module, _)| module.into_owned())
        .map_err(|error| format!("{}: {error}", kernel.name()))
}

#[test]
fn every_kernel_is_valid_wgsl_with_its_overrides_filled_in() {
    for &kernel in Kernel::ALL {
        let module = specialised(kernel, OVERRIDES).expect("is valid");
        let [main] = &module.entry_points[..] else { panic!("{} has not one entry point", kernel.name()) };
        assert!(main.workgroup_size.iter().product::<u32>() > 0 && main.workgroup_size_overrides.is_none());
    }
}

#[test]
fn the_overrides_that_kernels_declare_are_those_that_have_values() {
    let named: BTreeSet<&str> = OVERRIDES.iter().map(|(name, _)| *name).collect();
    assert_eq!(named.len(), OVERRIDES.len());
    for &kernel in Kernel::ALL {
        let (module, _) = parsed(kernel);
        let undefined = module.overrides.iter().filter(|(_, declared)| declared.init.is_none());
        let declared: BTreeSet<&str> =
            undefined.filter_map(|(_, declared)| declared.name.as_deref()).collect();
        assert_eq!(declared, named, "{}", kernel.name());
    }
    assert!(specialised(Kernel::Adam, &OVERRIDES[1..]).is_err(), "a missing value must show");
}
