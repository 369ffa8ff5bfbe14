import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endProcess } from './end-process.ts';

const KEEP_ALIVE_MS = 120_000;

export interface ServerProcess {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts a program that calls `serveToParent`. A process of its own takes no time from what is measured in this one. */
export async function forkServer(program: string, args: readonly string[]): Promise<ServerProcess> {
  const child = fork(program, args);
  const [port] = (await once(child, 'message')) as [number];
  return { url: `http://127.0.0.1:${port}`, stop: () => endProcess(child) };
}

/** Serves on loopback for as long as the parent process lives, and tells it the port. */
export function serveToParent(listener: RequestListener): void {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, listener);
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
}
