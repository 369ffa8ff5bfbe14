import type { IndexRecord, TaskAction } from '../resources/resource.ts';

export type WriteMode = 'set' | 'merge' | 'mergeExisting';

export const writeModes: Readonly<Record<TaskAction, WriteMode>> = {
  replace: 'set',
  save: 'set',
  append: 'set',
  partial: 'merge',
  partialNoCreate: 'mergeExisting',
};

export function writeRecord(records: Map<string, IndexRecord>, mode: WriteMode, record: IndexRecord): void {
  const existing = records.get(record.objectID);
  if (mode === 'set') records.set(record.objectID, record);
  else if (existing || mode === 'merge') records.set(record.objectID, { ...existing, ...record });
}
