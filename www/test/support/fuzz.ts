// What tests/fuzz/tables.mjs takes from here, in one bundle.

export { mutated, randomOf } from './mutations';
export { openAsTable } from './tables';
