/**
 * The stand-ins for the images that the manifests name, by reference: two tiny programs, and for each image a directory
 * whose `image.json` says in its environment what the program shall be.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `bridge`: as root, a network namespace for each Pod; `loopback`: as any user, one network for all. */
export type Network = 'bridge' | 'loopback';

const PROGRAMS = join(import.meta.dirname, 'stand-in');
const SHOP = 'us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo';
const SHOP_VERSION = 'v0.10.6';

/** What the shop's manifests leave to the images: ports come from the manifest, but for these. */
const SERVICES: Readonly<Record<string, readonly string[]>> = {
  'fastapi-k8s:latest': ['PROTOCOL=http', 'PORT=8000'],
  'redis:alpine': ['PROTOCOL=tcp', 'PORT=6379'],
  [shopImage('frontend')]: ['PROTOCOL=http'],
  [shopImage('cartservice')]: ['PROTOCOL=grpc', 'PORT=7070'],
  [shopImage('loadgenerator')]: ['PROTOCOL=http', 'TARGET=frontend:80'],
  ...Object.fromEntries(
    [
      'adservice',
      'checkoutservice',
      'currencyservice',
      'emailservice',
      'paymentservice',
      'productcatalogservice',
      'recommendationservice',
      'shippingservice',
    ].map((name) => [shopImage(name), ['PROTOCOL=grpc']]),
  ),
};
/** Holds `wget`, which the shop's init container asks the frontend with. */
const TOOLS = 'busybox:1.38.0@sha256:fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d';

function shopImage(name: string): string {
  return `${SHOP}/${name}:${SHOP_VERSION}`;
}

/** Writes all images below `directory`, readable to every user. Returns their directories by reference. */
export async function writeStandIns(directory: string): Promise<Map<string, string>> {
  const images = new Map<string, string>();
  const lean = ['node', '--max-old-space-size=24', '--max-semi-space-size=1', 'service.js'];
  for (const [reference, env] of Object.entries(SERVICES)) {
    const image = join(directory, String(images.size));
    await writeImage(image, { Entrypoint: lean, Env: env }, 'service.js');
    images.set(reference, image);
  }
  const tools = join(directory, String(images.size));
  const search = `PATH=${tools}:${process.env['PATH']}`;
  await writeImage(tools, { Entrypoint: ['sh'], Env: [search] }, 'wget');
  return images.set(TOOLS, tools);
}

async function writeImage(directory: string, config: object, program: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await copyFile(join(PROGRAMS, program), join(directory, program));
  await writeFile(join(directory, 'image.json'), JSON.stringify({ config }));
}
