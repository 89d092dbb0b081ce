/** Images for the process runtime: programs so small that their own time hardly counts. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, Probe } from '../../src/api/generated/core-v1.ts';
import type { NewObject } from '../../src/api/meta.ts';

export type Program = 'sleeper' | 'crasher' | 'web';

/**
 * - `sleeper` does nothing.
 * - `crasher` makes the file `$MARKS/$NAME.1`, at its second start `$NAME.2`, and exits once `$MARKS/$NAME.crash`, a pipe,
 *   is written to. It forks nothing.
 * - `web` answers 200 to every request on port 8080.
 */
const PROGRAMS: Record<Program, { entrypoint: string[]; file: string; text: string }> = {
  sleeper: { entrypoint: ['sh', 'sleeper.sh'], file: 'sleeper.sh', text: 'exec sleep 2147483647\n' },
  crasher: {
    entrypoint: ['sh', 'crasher.sh'],
    file: 'crasher.sh',
    text: [
      'start=1',
      'test -e "$MARKS/$NAME.1" && start=2',
      ': >"$MARKS/$NAME.$start"',
      'read -r _ <"$MARKS/$NAME.crash"',
      'exit 1\n',
    ].join('\n'),
  },
  web: {
    entrypoint: [process.execPath, 'web.js'],
    file: 'web.js',
    text: "require('node:http').createServer((_, response) => response.end()).listen(8080, process.env.HOST);\n",
  },
};

/** Writes all programs below `directory`. Returns them by image reference. */
export async function writeImages(directory: string): Promise<Record<string, string>> {
  const images: Record<string, string> = {};
  for (const [name, { entrypoint, file, text }] of Object.entries(PROGRAMS)) {
    const image = join(directory, name);
    await mkdir(image, { recursive: true });
    await writeFile(join(image, file), text);
    await writeFile(join(image, 'image.json'), JSON.stringify({ config: { Entrypoint: entrypoint } }));
    images[imageOf(name as Program)] = image;
  }
  return images;
}

export function imageOf(program: Program): string {
  return `${program}:1.0`;
}

/** One container that runs `program`; ends at once when it is told to. */
export function newProgramPod(
  name: string,
  program: Program,
  container: Partial<Container> = {},
): NewObject<Pod> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: program } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: imageOf(program), ...container }],
    },
  };
}

export function httpProbe(periodSeconds: number): Probe {
  return { httpGet: { path: '/', port: 8080 }, periodSeconds };
}
