/**
 * Tells people what was done: writes Events, counting repeats instead of repeating them, at a bounded rate.
 * Never fails its caller and never waits: an Event that cannot be written is dropped and logged once.
 */
import type { KubeObject } from '../api/meta.ts';

export interface EventRecorder {
  /**
   * @param reason   upstream's CamelCase word: `Killing`, `FailedScheduling`
   * @param message  one sentence
   */
  event(regarding: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** What an Event is about; `fieldPath` such as `spec.containers{web}`. */
export type EventSubject = Pick<KubeObject, 'apiVersion' | 'kind'> & {
  metadata: { name: string; namespace?: string; uid: string; resourceVersion?: string };
  fieldPath?: string;
};
