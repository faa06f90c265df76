// The names of all figures, in the order of the gallery, and what they are called on the page. As JSON, so that programs
// which cannot read TypeScript have them too.
import titles from './titles.json' with { type: 'json' };

export { titles };
export type FigureName = keyof typeof titles;
