/** Manifests as a test gives them, and what comes of them. */

/** Loose on purpose: what is no manifest is refused with a message. */
type ManifestObject = { apiVersion: string; kind: string; metadata: object; [field: string]: unknown };

export type ManifestSource = string | URL | ManifestObject;
export type Manifests = ManifestSource | readonly ManifestSource[];

/** What `apply` did with one object. */
export interface Applied {
  /** `deployment.apps/web`. */
  name: string;
  outcome: 'created' | 'configured' | 'unchanged';
}

/** Manifests that are none, or that the API refuses. One line for each, with its source. */
export class ManifestError extends Error {
  override name = 'ManifestError';
}
