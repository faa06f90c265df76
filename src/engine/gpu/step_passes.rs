//! Passes that only the steps of some recipes have.

use super::auxiliary::AuxiliaryPass;
use super::prefixes::PrefixPass;
use super::sweep::SweepPass;

/// What only some steps need; made when the first of them asks.
#[derive(Debug, Default)]
pub struct StepPasses {
    pub auxiliary: Option<AuxiliaryPass>,
    pub prefixes: Option<PrefixPass>,
    pub sweep: Option<SweepPass>,
}
