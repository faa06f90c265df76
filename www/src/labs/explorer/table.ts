// A slice as a table: a row for each cell.

import { corners, ownersOf } from '../../gallery/frame/diagram';
import type { CsvTable } from '../../gallery/frame/export';
import type { Shade, Slice } from './protocol';

const columns: Readonly<Record<Exclude<Shade, 'identity'>, string>> = {
  leading: 'leading latent',
  l0: 'l0',
  error: 'mse at centre',
};

export function tableOf(slice: Slice | undefined, shade: Shade): CsvTable {
  const own = shade === 'identity' ? [] : [columns[shade]];
  const header = ['cell', 'active latents', ...own, 'area', 'corners'];
  if (!slice) return { header, rows: [] };
  const { diagram, values } = slice;
  const rows = Array.from({ length: diagram.cells }, (_, cell) => [
    cell,
    ownersOf(diagram, cell).join(' '),
    ...own.map(() => values[cell] ?? ''),
    diagram.areas[cell] ?? 0,
    corners(diagram, cell),
  ]);
  return { header, rows };
}
