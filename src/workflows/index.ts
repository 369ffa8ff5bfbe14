/** The workflows a worker offers, by their types. */
export { alertBook } from './alert-book.ts';
export { backfill } from './backfill.ts';
export { callOperation } from './call-operation.ts';
export { changeSource } from './change-source.ts';
export { connectorPipeline } from './connector-pipeline.ts';
export { decommissionConnector } from './decommission-connector.ts';
export { deployTransformation } from './deploy-transformation.ts';
export { keyRing } from './key-ring.ts';
export { provisionConnector } from './provision-connector.ts';
export { pushRecords } from './push-records.ts';
export { reenableTask } from './reenable-task.ts';
export { replaceAllRecords } from './replace-all-records.ts';
export { rotateApiKey } from './rotate-api-key.ts';
export { rotateAuthentication } from './rotate-authentication.ts';
export { syncSource } from './sync-source.ts';
export { syncTask } from './sync-task.ts';
export { watchConnectors } from './watch-connectors.ts';
