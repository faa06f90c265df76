// Name by name rather than by `module.exports =`, from which TypeScript's rules conclude that there is no default export.
const splinterp = require('./node.js');
exports.__esModule = true;
exports.default = splinterp.default;
Object.assign(exports, splinterp);
