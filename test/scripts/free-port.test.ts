import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { freePort } from '../../scripts/free-port.ts';

/** As the workers of a server that was killed: they dial without a pause, and aren't the first to hang up. */
const DIALLERS = `
  const { connect } = require('node:net');
  const { parentPort, workerData: port } = require('node:worker_threads');
  const dial = () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.once('connect', () => parentPort.postMessage('connected'));
    socket.on('error', () => undefined);
    socket.once('close', () => setImmediate(dial));
  };
  for (let diallers = 0; diallers < 5; diallers += 1) dial();
  parentPort.postMessage('dialling');
`;

test('a port can be had again, whoever dials it in that moment', async () => {
  const port = await freePort();
  const diallers = new Worker(DIALLERS, { eval: true, workerData: port });
  try {
    await once(diallers, 'message');
    let connected = 0;
    diallers.on('message', () => (connected += 1));
    for (let times = 0; times < 100; times += 1) expect(await freePort(port)).toBe(port);
    expect(connected).toBeGreaterThan(0);
  } finally {
    await diallers.terminate();
  }
});
