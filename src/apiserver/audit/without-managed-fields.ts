import { isFields } from '../api-object.ts';

/** `value` without its `managedFields`; of a list or a Table without those of its items or rows. It is not changed. */
export function withoutManagedFields(value: unknown): unknown {
  if (!isFields(value)) return value;
  const { items, rows } = value;
  if (Array.isArray(items)) return { ...value, items: items.map(withoutOwn) };
  if (value['kind'] === 'Table' && Array.isArray(rows)) {
    return {
      ...value,
      rows: rows.map((row) => (isFields(row) ? { ...row, object: withoutOwn(row['object']) } : row)),
    };
  }
  return withoutOwn(value);
}

function withoutOwn(object: unknown): unknown {
  if (!isFields(object) || !isFields(object['metadata'])) return object;
  const { managedFields: _, ...metadata } = object['metadata'];
  return { ...object, metadata };
}
