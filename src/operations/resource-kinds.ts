/** The kinds of resources that a connector is made of, in the order in which they need each other: how each is listed and identified. */
export const resourceKinds = {
  authentication: { list: 'listAuthentications', member: 'authentications', id: 'authenticationID' },
  source: { list: 'listSources', member: 'sources', id: 'sourceID' },
  transformation: { list: 'listTransformations', member: 'transformations', id: 'transformationID' },
  destination: { list: 'listDestinations', member: 'destinations', id: 'destinationID' },
  task: { list: 'listTasks', member: 'tasks', id: 'taskID' },
} as const;

export type ResourceKind = keyof typeof resourceKinds;

export const kindsInOrder = Object.keys(resourceKinds) as ResourceKind[];
