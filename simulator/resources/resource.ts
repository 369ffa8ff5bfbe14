/** What the simulator keeps of each resource: what the API answers, and the credentials it never answers. */
export interface Authentication {
  readonly authenticationID: string;
  readonly type: string;
  readonly name: string;
  readonly platform: string | null;
  readonly input: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Source {
  readonly sourceID: string;
  readonly type: string;
  readonly name: string;
  readonly input?: Readonly<Record<string, unknown>> | undefined;
  readonly authenticationID?: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Destination {
  readonly destinationID: string;
  readonly type: string;
  readonly name: string;
  readonly input: {
    readonly indexName: string;
    readonly recordType?: string | undefined;
    readonly attributesToExclude?: readonly string[] | undefined;
  };
  readonly authenticationID?: string | undefined;
  readonly transformationIDs?: readonly string[] | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Transformation {
  readonly transformationID: string;
  readonly name: string;
  readonly type: 'code' | 'noCode';
  readonly code: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly description?: string | undefined;
  readonly authenticationIDs?: readonly string[] | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type TaskAction = 'replace' | 'save' | 'partial' | 'partialNoCreate' | 'append';

export interface Task {
  readonly taskID: string;
  readonly sourceID: string;
  readonly destinationID: string;
  readonly action: TaskAction;
  readonly subscriptionAction?: TaskAction | undefined;
  readonly cron?: string | undefined;
  readonly lastRun?: string | undefined;
  readonly nextRun?: string | undefined;
  readonly input?: Readonly<Record<string, unknown>> | undefined;
  readonly enabled: boolean;
  readonly failureThreshold?: number | undefined;
  readonly cursor?: string | undefined;
  readonly notifications?: { readonly email: { readonly enabled?: boolean | undefined } } | undefined;
  readonly policies?: { readonly criticalThreshold?: number | undefined } | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A record of an index, or of a source on its way there. */
export type IndexRecord = Record<string, unknown> & { objectID: string };
