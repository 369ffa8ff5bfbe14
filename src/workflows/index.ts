/** The workflows a worker offers, by their types. */
export { callOperation } from './call-operation.ts';
export { provisionConnector } from './provision-connector.ts';
export { syncSource } from './sync-source.ts';
export { syncTask } from './sync-task.ts';
