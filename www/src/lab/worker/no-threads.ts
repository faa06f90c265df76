// In the place of the module with threads while that is being made: to load it fails, as where the browser grants no memory
// to share, and the lab runs on the plain module.

export default function init(): Promise<never> {
  return Promise.reject(new Error('this build has no module with threads'));
}
