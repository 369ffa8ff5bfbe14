import { expect, test } from 'vitest';
import { activitySlots, workerSlots } from '../src/worker-slots.ts';

const nothing = { maxActivities: 1_000, targetMemory: undefined, targetCpu: undefined };

test('by default a fixed number of activities is done at once', () => {
  const slots = workerSlots(nothing);
  expect(slots).toMatchObject({ maxConcurrentActivityTaskExecutions: 1_000 });
  expect(slots).not.toHaveProperty('tuner');
});

test('with a target for memory or CPU the number follows the machine, up to the same limit', () => {
  const slots = workerSlots({ ...nothing, maxActivities: 200, targetMemory: 0.8 });
  expect(slots).not.toHaveProperty('maxConcurrentActivityTaskExecutions');
  expect(slots.tuner).toMatchObject({
    tunerOptions: { targetMemoryUsage: 0.8, targetCpuUsage: 1 },
    activityTaskSlotOptions: { minimumSlots: 50, maximumSlots: 200 },
  });
});

test('few activities are few also when the number follows the machine', () => {
  const { tuner } = workerSlots({ ...nothing, maxActivities: 5, targetCpu: 0.5 });
  expect(tuner).toMatchObject({ activityTaskSlotOptions: { minimumSlots: 5, maximumSlots: 5 } });
});

test('the places that there are for certain are known', () => {
  expect(activitySlots(nothing)).toBe(1_000);
  expect(activitySlots({ ...nothing, targetCpu: 0.5 })).toBe(50);
  expect(activitySlots({ ...nothing, maxActivities: 5, targetMemory: 0.5 })).toBe(5);
});
