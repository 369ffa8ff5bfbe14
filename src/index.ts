/** What other programs may build on: see docs/library.md. Whatever isn't named here may change without notice. */
export { ConfigError, loadConfig, type Config } from './config.ts';
export { createActivities } from './library/create-activities.ts';
export { createPlugin, type PluginOptions } from './library/create-plugin.ts';
export type { Activities } from './activities/index.ts';
export type { WorkflowInput, WorkflowType } from './activities/check-input.ts';
export {
  operationNames,
  operations,
  type InputOf,
  type OperationName,
  type Operations,
  type OutputOf,
  type WithEffect,
} from './operations/index.ts';
export type { Effect } from './operations/operation.ts';
export { SEARCH_ATTRIBUTES } from './search-attributes.ts';
export { versionedWorkflowsPath, workflowInterceptorModules, workflowsPath } from './workflow-bundle.ts';
