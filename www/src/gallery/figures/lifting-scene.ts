// The lifting on a WebGL canvas, by three.js: the only file that imports it, loaded only by the figure.

import {
  BufferGeometry,
  Color,
  ColorManagement,
  DoubleSide,
  Float32BufferAttribute,
  Group,
  LinearSRGBColorSpace,
  LineBasicMaterial,
  LineSegments,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  OrthographicCamera,
  Scene,
  SphereGeometry,
  Vector3,
  WebGLRenderer,
} from 'three';
import type { Colours } from '../frame/colours';
import type { View } from '../frame/view';
import type { Camera, Face, Line, Solids } from './lifting-solids';

/** Radius of a site's ball, in units of the figure. */
const BALL = 0.035;

/** The eye's distance from the middle, and the depth that it sees: past every corner of the picture. */
const AWAY = 10;

/** Whether a WebGL picture can be had here. */
export function hasWebGl(): boolean {
  return document.createElement('canvas').getContext('webgl2') !== null;
}

export class LiftingScene {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new OrthographicCamera();
  private readonly ball = new SphereGeometry(BALL, 20, 14);
  private content = new Group();

  constructor(canvas: HTMLCanvasElement) {
    // Colours are the page's own, and are to arrive unchanged.
    ColorManagement.enabled = false;
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.renderer.outputColorSpace = LinearSRGBColorSpace;
    this.scene.add(this.content);
  }

  dispose(): void {
    this.clear();
    this.ball.dispose();
    this.renderer.dispose();
  }

  draw(solids: Solids, look: Camera, view: View, colours: Colours): void {
    this.clear();
    this.fill(solids, colours);
    this.aim(look, view);
    this.renderer.setPixelRatio(devicePixelRatio);
    this.renderer.setSize(view.width, view.height, false);
    this.renderer.render(this.scene, this.camera);
  }

  private clear(): void {
    this.content.traverse((each) => {
      if (!(each instanceof Mesh || each instanceof LineSegments)) return;
      const { geometry, material } = each as Mesh<BufferGeometry, MeshBasicMaterial>;
      if (geometry !== this.ball) geometry.dispose();
      material.dispose();
    });
    this.scene.remove(this.content);
    this.content = new Group();
    this.scene.add(this.content);
  }

  private aim({ right, up, eye, target }: Camera, { box }: View): void {
    const { camera } = this;
    [camera.left, camera.bottom, camera.right, camera.top] = box;
    [camera.near, camera.far] = [0, 2 * AWAY];
    camera.matrixAutoUpdate = false;
    camera.matrix.copy(new Matrix4().makeBasis(new Vector3(...right), new Vector3(...up), new Vector3(...eye)));
    camera.matrix.setPosition(new Vector3(...target).addScaledVector(new Vector3(...eye), AWAY));
    camera.updateMatrixWorld(true);
    camera.updateProjectionMatrix();
  }

  private fill({ faces, lines, balls }: Solids, colours: Colours): void {
    const { content } = this;
    const hue = (series: readonly string[], i: number): Color => new Color(series[i % series.length]);
    const solid = faces.filter(({ opacity }) => opacity === 1);
    const sheer = faces.filter(({ opacity }) => opacity < 1);
    content.add(this.faces(solid, (i) => hue(colours.tints, i), 1));
    if (sheer[0]) content.add(this.faces(sheer, (i) => hue(colours.marks, i), sheer[0].opacity));
    for (const opacity of new Set(lines.map((line) => line.opacity))) {
      content.add(
        this.lines(
          lines.filter((line) => line.opacity === opacity),
          new Color(colours.ink),
          opacity,
        ),
      );
    }
    for (const { at, colour } of balls) {
      const mesh = new Mesh(this.ball, new MeshBasicMaterial({ color: hue(colours.marks, colour) }));
      mesh.position.set(...at);
      content.add(mesh);
    }
  }

  /** Faces as fans of triangles. Sheer ones hide nothing. */
  private faces(faces: readonly Face[], colourOf: (colour: number) => Color, opacity: number): Mesh {
    const positions: number[] = [];
    const tints: number[] = [];
    for (const { corners, colour } of faces) {
      const { r, g, b } = colourOf(colour);
      const first = corners[0] ?? [0, 0, 0];
      for (let i = 1; i + 1 < corners.length; i++) {
        positions.push(...first, ...(corners[i] ?? first), ...(corners[i + 1] ?? first));
        tints.push(r, g, b, r, g, b, r, g, b);
      }
    }
    const geometry = new BufferGeometry();
    geometry.setAttribute('position', new Float32BufferAttribute(positions, 3));
    geometry.setAttribute('color', new Float32BufferAttribute(tints, 3));
    const material = new MeshBasicMaterial({
      vertexColors: true,
      side: DoubleSide,
      transparent: opacity < 1,
      opacity,
      depthWrite: opacity === 1,
      // A little behind the lines that lie on them.
      polygonOffset: true,
      polygonOffsetFactor: 1,
      polygonOffsetUnits: 1,
    });
    return new Mesh(geometry, material);
  }

  private lines(lines: readonly Line[], color: Color, opacity: number): LineSegments {
    const geometry = new BufferGeometry();
    const positions = lines.flatMap(({ from, to }) => [...from, ...to]);
    geometry.setAttribute('position', new Float32BufferAttribute(positions, 3));
    return new LineSegments(geometry, new LineBasicMaterial({ color, transparent: true, opacity, depthWrite: false }));
  }
}
