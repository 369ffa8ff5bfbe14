import type { Command } from 'commander';

export interface CommandEntry {
  /** The line of the list of commands. */
  readonly summary: string;
  /** Adds the command with all it takes. Loaded when it is asked for: what speaks to Temporal takes long to load. */
  readonly add: (program: Command) => Promise<void>;
}

/** Every command, in the order of the list. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  operations: {
    summary: 'list what Algolia offers',
    add: async (program) => (await import('./operations.ts')).addOperationsCommand(program),
  },
  call: {
    summary: 'run one operation on a worker',
    add: async (program) => (await import('./call.ts')).addCallCommand(program),
  },
  start: {
    summary: 'start a workflow',
    add: async (program) => (await import('./start.ts')).addStartCommand(program),
  },
  status: {
    summary: 'show what a workflow is doing, or came to',
    add: async (program) => (await import('./status.ts')).addStatusCommand(program),
  },
  approvals: {
    summary: 'list what waits for approval',
    add: async (program) => (await import('./approvals.ts')).addApprovalsCommand(program),
  },
  approve: {
    summary: 'approve what a workflow asks',
    add: async (program) => (await import('./decide.ts')).addDecideCommand(program, 'approve'),
  },
  reject: {
    summary: 'reject what a workflow asks',
    add: async (program) => (await import('./decide.ts')).addDecideCommand(program, 'reject'),
  },
  inventory: {
    summary: 'read all connectors of the application, as a manifest',
    add: async (program) => (await import('./inventory.ts')).addInventoryCommand(program),
  },
  diff: {
    summary: 'show where Algolia differs from a manifest',
    add: async (program) => (await import('./diff.ts')).addDiffCommand(program),
  },
  plan: {
    summary: 'show what applying a manifest would do',
    add: async (program) => (await import('./plan.ts')).addPlanCommand(program),
  },
  apply: {
    summary: "make Algolia's connectors those of a manifest, behind an approval",
    add: async (program) => (await import('./apply.ts')).addApplyCommand(program),
  },
  schedules: {
    summary: 'keep Temporal schedules as a file says',
    add: async (program) => (await import('./schedules.ts')).addSchedulesCommand(program),
  },
  sweep: {
    summary: 'find temporary indices that nobody needs any more',
    add: async (program) => (await import('./sweep.ts')).addSweepCommand(program),
  },
  key: {
    summary: 'see and rotate the API key',
    add: async (program) => (await import('./key.ts')).addKeyCommand(program),
  },
  secrets: {
    summary: 'check references to credentials',
    add: async (program) => (await import('./secrets.ts')).addSecretsCommand(program),
  },
  codec: {
    summary: 'let the Web UI read encrypted payloads',
    add: async (program) => (await import('./codec.ts')).addCodecCommand(program),
  },
  'search-attributes': {
    summary: 'make a Temporal server ready',
    add: async (program) => (await import('./search-attributes.ts')).addSearchAttributesCommand(program),
  },
  completion: {
    summary: 'complete commands and names in your shell',
    add: async (program) => (await import('./completion.ts')).addCompletionCommand(program),
  },
};
