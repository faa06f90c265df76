// A figure whose stage holds several pictures of the same box of the plane.

import type { Table } from '../../kit/properties';
import { FigureElement } from './figure';
import { layOut, panelAt, within, type Layout } from './panels';
import type { Place } from './probe';
import { View, type Box } from './view';

export abstract class PanelFigure<T extends Table> extends FigureElement<T> {
  /** The box that each panel shows. */
  protected abstract readonly panel: Box;
  protected abstract readonly panelCount: number;

  protected get layout(): Layout {
    return layOut(this.panel, this.panelCount, super.view.width);
  }

  override get view(): View {
    return this.layout.view;
  }

  /** The view of each panel's own coordinates. */
  protected get panelViews(): View[] {
    const { layout } = this;
    return layout.panels.map((each) => within(layout, each));
  }

  /** From the stage to the own coordinates of the panel that lies there, or next to it. */
  protected inPanel({ x, y }: Place): Place {
    const { layout, panel } = this;
    const { dx, dy } = layout.panels[panelAt(layout, panel, x, y)] ?? { dx: 0, dy: 0 };
    return clampTo(panel, x - dx, y - dy);
  }
}

/** The nearest place within a box. */
export function clampTo(box: Box, x: number, y: number): Place {
  return new View(box, 1).clamp(x, y);
}
