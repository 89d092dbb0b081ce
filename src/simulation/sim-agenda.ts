/**
 * What a simulated process has still to do, by its own time: earliest first, those of one moment in the order in which they
 * came. Holds no timer: the container sets one for the first.
 */
export interface Task {
  /** The process's own time; infinite for one that only waits for the end. */
  readonly dueMs: number;
  run(): void;
  /** The process ended before. */
  abandon?(): void;
}

export class Agenda {
  #tasks: Task[] = [];

  get firstDueMs(): number {
    return this.#tasks[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  add(task: Task): void {
    const tasks = this.#tasks;
    let index = tasks.length;
    while (index > 0 && tasks[index - 1]!.dueMs > task.dueMs) index--;
    tasks.splice(index, 0, task);
  }

  remove(task: Task): void {
    const index = this.#tasks.indexOf(task);
    if (index >= 0) this.#tasks.splice(index, 1);
  }

  /** Takes out the first. */
  next(): Task | undefined {
    return this.#tasks.shift();
  }

  abandonAll(): void {
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) task.abandon?.();
  }
}
