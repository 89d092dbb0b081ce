/** The columns of a Table, in a notation short enough to read as a table. */
export interface TableColumn {
  name: string;
  type: 'string' | 'integer' | 'boolean' | 'date' | 'number';
  /** `name` for the column that names the object. */
  format: string;
  description: string;
  /** 0 is always shown; more only with `-o wide`. */
  priority: number;
}

/** How one kind is printed. `cells` has one value for each column. */
export interface KindPrinter<T> {
  columns: readonly TableColumn[];
  cells(object: T, nowMs: number): unknown[];
  /** The order of a list, where it is not that of the names. */
  compare?: (a: T, b: T) => number;
}

export const NAME: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object',
  priority: 0,
};
export const AGE = text('Age', 'Time since its creation');

export function text(name: string, description: string): TableColumn {
  return { name, type: 'string', format: '', description, priority: 0 };
}

export function count(name: string, description: string): TableColumn {
  return { ...text(name, description), type: 'integer' };
}

/** Only shown with `-o wide`. */
export function wide(column: TableColumn): TableColumn {
  return { ...column, priority: 1 };
}
