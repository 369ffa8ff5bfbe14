interface Event {
  readonly eventId: string;
  readonly eventType: string;
  readonly markerRecordedEventAttributes?: { readonly markerName: string };
}

const isOfTask = ({ eventType }: Event) => eventType.startsWith('EVENT_TYPE_WORKFLOW_TASK_');

/**
 * A history as it would be if queries had come with all workflow tasks that wait for local activities. Temporal may then end the
 * task with what the local activity came to, and what that led to stands in a task of its own.
 */
export function cutTasks<H extends { readonly events: readonly Event[] }>(history: H): H {
  const events: Event[] = [];
  const newIds = new Map<string, string>();
  const add = (event: Event) => {
    newIds.set(event.eventId, String(events.length + 1));
    events.push(renumbered(event, newIds) as Event);
  };
  let task: Event[] = [];
  for (const [place, event] of history.events.entries()) {
    if (event.eventType === 'EVENT_TYPE_WORKFLOW_TASK_SCHEDULED') task = [];
    if (isOfTask(event)) task.push(event);
    add(event);
    const isResult = event.markerRecordedEventAttributes?.markerName === 'core_local_activity';
    const next = history.events[place + 1];
    if (isResult && next && !isOfTask(next)) for (const part of task) add(part);
  }
  return { ...history, events };
}

/** With the ids that events have now, its own included. */
function renumbered(value: unknown, newIds: ReadonlyMap<string, string>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      /eventId$/i.test(name) ? (newIds.get(String(member)) ?? member) : renumbered(member, newIds),
    ]),
  );
}
