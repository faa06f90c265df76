// The rows that planes are laid through, and what is told of them: pictures, labels, tokens.

import { principalComponents, type PrincipalComponents } from 'splinterp';
import type { GivenRows, ImageShape, PlaneChoice, ShownRow, Token } from '../protocol';

/** Components that are kept: two for a plane, and enough to turn any plane towards. */
const COMPONENTS = 5;

export class Rows {
  private found: PrincipalComponents | undefined;

  constructor(readonly given: GivenRows) {}

  get count(): number {
    return this.given.numbers.length;
  }

  at(row: number): Float32Array {
    const { shown, cols } = this.given;
    const place = row % this.count;
    return shown.subarray(place * cols, (place + 1) * cols);
  }

  get components(): PrincipalComponents {
    const { shown, cols } = this.given;
    return (this.found ??= principalComponents(shown, cols, COMPONENTS));
  }

  /** A choice among more rows than there are, as a link may hold it, as one among these. */
  within(choice: PlaneChoice): PlaneChoice {
    switch (choice.kind) {
      case 'rows': {
        const [a, b, c] = choice.rows;
        return { ...choice, rows: [a % this.count, b % this.count, c % this.count] };
      }
      case 'latents':
        return { ...choice, row: choice.row % this.count };
      case 'components':
        return choice;
    }
  }

  /** Values as a picture, where rows are pictures. */
  pixels(values: ArrayLike<number>): Uint8ClampedArray | undefined {
    const { image } = this.given;
    return image && pixelsOf(image, values);
  }

  shown(row: number): ShownRow {
    const { numbers, labels, tokens } = this.given;
    return {
      row,
      number: numbers[row] ?? row,
      label: labels[row],
      token: tokens?.[row],
      pixels: this.pixels(this.at(row)),
    };
  }

  /** Rows whose label or token holds a text; all for none. */
  search(text: string, most: number): ShownRow[] {
    const { labels, tokens } = this.given;
    const wanted = text.trim().toLowerCase();
    const found: ShownRow[] = [];
    for (let row = 0; row < this.count && found.length < most; row++) {
      const name = tokens?.[row]?.token ?? String(labels[row] ?? '');
      if (wanted === '' || name.toLowerCase().includes(wanted)) found.push(this.shown(row));
    }
    return found;
  }

  /** Tokens of the rows nearest to a point, the nearest first. */
  nearest(point: ArrayLike<number>, most: number): Token[] {
    const { tokens, cols, shown } = this.given;
    if (!tokens) return [];
    const distances = Float64Array.from({ length: this.count }, (_, row) => {
      let sum = 0;
      for (let i = 0; i < cols; i++) sum += ((shown[row * cols + i] ?? 0) - (point[i] ?? 0)) ** 2;
      return sum;
    });
    const order = Uint32Array.from(distances.keys()).sort((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0));
    return [...order.subarray(0, most)].flatMap((row) => tokens[row] ?? []);
  }
}

function pixelsOf({ scale, shift }: ImageShape, values: ArrayLike<number>): Uint8ClampedArray {
  return Uint8ClampedArray.from(values, (value, i) => value * (scale[i] ?? 1) + (shift[i] ?? 0));
}
