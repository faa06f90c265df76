// The whole crate, and with it what only it trains.

export { default, Dataset, Experiments, Sae, Trainer, readTensors } from 'splinterp';
export { withVariants } from '../../../lab/worker/variants';
