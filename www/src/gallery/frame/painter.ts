// What a figure is drawn with: the site's painters, where it looks and its colours.

import type { Painter } from '../../kit/painter';
import type { Colours } from './colours';
import type { View } from './view';

export {
  CanvasPainter,
  circle,
  cross,
  Ground,
  pngOf,
  SvgPainter,
  type Painter,
  type Pen,
  type Style,
  type TextStyle,
} from '../../kit/painter';

/** What is drawn with, where and in which colours. */
export interface Drawing {
  readonly painter: Painter;
  readonly view: View;
  readonly colours: Colours;
}
