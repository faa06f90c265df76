// The names of all figures, in the order of the gallery, and what they are called on the page.

export const titles = {
  'voronoi-to-power': 'From Voronoi to power diagrams',
  'order-k': 'Order K',
  lifting: 'Lifting',
  'topk-is-power': 'TopK is a power diagram',
  'three-partitions': 'ReLU, JumpReLU, TopK',
  'kmeans-pca': 'Between k-means and PCA',
} as const;

export type FigureName = keyof typeof titles;
