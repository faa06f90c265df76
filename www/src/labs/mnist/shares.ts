/** Parts of the training images that can be trained on, in percent. */
export const shares = [1, 5, 10, 25, 50, 100] as const;
