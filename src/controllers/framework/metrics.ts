/** What the worker loops tell the metrics registry. Names follow upstream's `workqueue_*`, with the controller as label. */
export interface ControllerMetrics {
  /** One key was worked on. */
  synced(controller: string, outcome: SyncOutcome, durationMs: number): void;
  /** Keys that wait for a worker, whenever that changes through work. */
  queueDepth(controller: string, depth: number): void;
}

export type SyncOutcome = 'done' | 'requeued' | 'failed';

export const noControllerMetrics: ControllerMetrics = {
  synced() {},
  queueDepth() {},
};
