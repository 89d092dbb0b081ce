/** Whom a container runs as: what the manifest says, else what its image does, else whom the agent runs as. */
import type { ContainerRecord } from './container-directory.ts';
import { parseImageUser } from './image-registry.ts';
import type { LaunchPlan } from './launch-scripts.ts';

export function containerUser({ config, image }: ContainerRecord): LaunchPlan['user'] {
  const { runAsUser, runAsGroup, supplementalGroups } = config.security;
  const ofImage = parseImageUser(image.config.User);
  return {
    uid: runAsUser ?? ofImage.uid,
    // The image's group belongs to the image's user.
    gid: runAsGroup ?? (runAsUser === undefined ? ofImage.gid : undefined),
    groups: supplementalGroups,
  };
}
