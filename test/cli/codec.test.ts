import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { compiled } from '../setup/compile.ts';
import { cliWith } from './run-cli.ts';

const KEY = randomBytes(32).toString('base64');
const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test('without keys there is nothing to serve', async () => {
  const { code, stderr } = await cliWith({})(['codec']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('TEMPORAL_CODEC_KEYS: not set') });
});

test.each([['src/cli.ts', 'codec'], ['scripts/codec-server.ts']])(
  '%s serves until it is told to stop, and names its keys by id only',
  async (script, ...args) => {
    const child = spawn(process.execPath, [compiled(script), ...args, '--port', '0'], {
      cwd: file('.'),
      env: { PATH: process.env.PATH, TEMPORAL_CODEC_KEYS: `k1:${KEY}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    try {
      const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      expect(line).toMatch(/^Codec server http:\/\/127\.0\.0\.1:\d+ with the keys k1\n$/);
      const url = /http:\S+/.exec(line)?.[0];
      const answer = await fetch(`${url}/encode`, { method: 'POST', body: '{"payloads": [{"data": "eA=="}]}' });
      expect(answer.status).toBe(200);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exited).toEqual([0, null]);
  },
);

test('a port in use is told', async () => {
  const first = spawn(process.execPath, [compiled('src/cli.ts'), 'codec', '--port', '0'], {
    cwd: file('.'),
    env: { PATH: process.env.PATH, TEMPORAL_CODEC_KEYS: `k1:${KEY}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(first, 'exit');
  const [line] = (await once(first.stdout.setEncoding('utf8'), 'data')) as [string];
  const port = /:(\d+) /.exec(line)?.[1] ?? '';
  const second = await cliWith({ TEMPORAL_CODEC_KEYS: `k1:${KEY}` })(['codec', '--port', port]);
  first.kill('SIGTERM');
  await exited;
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(new RegExp(`^Can't listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`));
});
