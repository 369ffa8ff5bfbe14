import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { createRoom } from '../../src/activities/room.ts';

const logger = new DefaultLogger('ERROR');

/** An activity that goes on until it is told to end. */
function enter(room: ReturnType<typeof createRoom>, info: { isLocal?: boolean } = {}) {
  let resolve: () => void = () => {};
  let reject: (reason: Error) => void = () => {};
  const promise = new Promise<void>((...settle) => ([resolve, reject] = settle));
  const over = new MockActivityEnvironment(info, { logger }).run(() =>
    Promise.resolve(room.interceptor.execute?.({ args: [], headers: {} }, () => promise)),
  );
  return { over, resolve, reject };
}

test('a room is full while as many activities go on as it has places, whatever becomes of them', async () => {
  const room = createRoom(2);
  expect(room).toMatchObject({ slots: 2 });
  const [one, other] = [enter(room), enter(room)];
  expect(room.isFull()).toBe(true);
  one.resolve();
  await one.over;
  expect(room.isFull()).toBe(false);
  const third = enter(room);
  expect(room.isFull()).toBe(true);
  third.reject(new Error('failed'));
  await expect(third.over).rejects.toThrow('failed');
  expect(room.isFull()).toBe(false);
  other.resolve();
  await other.over;
});

test('local activities take no place', async () => {
  const room = createRoom(1);
  const local = enter(room, { isLocal: true });
  expect(room.isFull()).toBe(false);
  local.resolve();
  await local.over;
});
