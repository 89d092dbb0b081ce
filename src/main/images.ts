/** The images of a data directory: `images.json`, which `up --image` fills and agents read. */
import path from 'node:path';
import { ImageRegistry } from '../container-runtime/process/image-registry.ts';

export function imageRegistry(dataDir: string): ImageRegistry {
  return new ImageRegistry(path.join(dataDir, 'images.json'));
}
