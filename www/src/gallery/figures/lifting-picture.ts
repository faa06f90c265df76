// The lifting drawn flat, for exports and where there is no WebGL: faces from far to near, then lines and sites.

import { circle, type Drawing } from '../frame/painter';
import type { Camera, Line, Face, Point3, Solids } from './lifting-solids';

/** `floor` is the height of what lies behind everything else from wherever one may look. */
export function drawSolids({ painter, view, colours }: Drawing, solids: Solids, camera: Camera, floor: number): void {
  const place = (point: Point3): [number, number] => {
    const { x, y } = camera.project(point);
    return [view.x(x), view.y(y)];
  };
  const drawLines = (lines: readonly Line[]): void => {
    for (const { from, to, opacity } of lines) {
      painter.path({ stroke: colours.ink, opacity }, (pen) => {
        pen.moveTo(...place(from));
        pen.lineTo(...place(to));
      });
    }
  };
  const drawFaces = (faces: readonly Face[]): void => {
    for (const { corners, colour, opacity } of faces) {
      const series = opacity === 1 ? colours.tints : colours.marks;
      painter.path({ fill: series[colour % series.length] ?? 'gray', opacity }, (pen) => {
        for (const [i, corner] of corners.entries()) {
          if (i === 0) pen.moveTo(...place(corner));
          else pen.lineTo(...place(corner));
        }
        pen.closePath();
      });
    }
  };
  const onFloor = ([, , z]: Point3): boolean => z === floor;
  const flatFace = ({ corners }: Face): boolean => corners.every(onFloor);
  const flatLine = ({ from, to }: Line): boolean => onFloor(from) && onFloor(to);
  const depth = ({ corners }: Face): number =>
    corners.reduce((sum, corner) => sum + camera.depth(corner), 0) / Math.max(corners.length, 1);
  drawFaces(solids.faces.filter(flatFace));
  drawLines(solids.lines.filter(flatLine));
  drawFaces(solids.faces.filter((face) => !flatFace(face)).sort((a, b) => depth(a) - depth(b)));
  drawLines(solids.lines.filter((line) => !flatLine(line)));
  for (const { at, colour } of solids.balls) {
    const fill = colours.marks[colour % colours.marks.length] ?? 'gray';
    painter.path({ fill, stroke: colours.ink }, (pen) => circle(pen, ...place(at), 5));
  }
}
