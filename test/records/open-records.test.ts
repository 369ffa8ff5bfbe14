import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { lookup } from 'node:dns/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openRecords, type RecordsReference } from '../../src/records/open-records.ts';
import { assertWithin } from '../../src/records/public-address.ts';
import { RecordsError } from '../../src/records/records-error.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';

let files: RecordsDirectory;
let outside: RecordsDirectory;
let server: Server | undefined;

beforeAll(async () => {
  [files, outside] = await Promise.all([makeRecordsDirectory(), makeRecordsDirectory()]);
  await outside.writeText('{"objectID":"secret"}\n', 'secret.ndjson');
  await mkdir(join(files.path, 'sub'));
});
afterAll(() => Promise.all([files.remove(), outside.remove()]));
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(respond: RequestListener): Promise<string> {
  const started = createServer(respond);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

function isPrivate(address: string): boolean {
  try {
    assertWithin('public', address);
    return false;
  } catch {
    return true;
  }
}

const access = (hosts: readonly string[] = []) => ({ directory: files.path, hosts, userAgent: 'test/0' });

async function contentOf(reference: RecordsReference, hosts?: readonly string[]): Promise<string> {
  const { raw, close } = await openRecords(reference, access(hosts));
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of raw) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  } finally {
    await close();
  }
}

const refusalOf = async (uri: string, hosts?: readonly string[]): Promise<{ type: string; message: string }> => {
  const error = await contentOf({ uri }, hosts).then(
    (text) => expect.unreachable(`it should have been refused, but was read: ${text}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RecordsError);
  const { type, message } = error as RecordsError;
  return { type, message };
};

test('reads a file below the directory, also by a symlink that stays inside', async () => {
  await files.writeText('{"objectID":"a"}\n', 'sub/a.ndjson');
  await symlink(join(files.path, 'sub/a.ndjson'), join(files.path, 'link.ndjson'));
  expect(await contentOf({ uri: 'file:sub/a.ndjson' })).toBe('{"objectID":"a"}\n');
  expect(await contentOf({ uri: 'file:link.ndjson' })).toBe('{"objectID":"a"}\n');
});

test.each([
  'file:../../etc/passwd',
  'file:sub/../../x.ndjson',
  'file:/etc/passwd',
  'file:///etc/passwd',
  'file:sub\\..\\..\\x',
  'file:a\0b',
])('refuses the path %j', async (uri) => {
  expect(await refusalOf(uri)).toMatchObject({
    type: 'RecordsRefused',
    message: expect.stringContaining('RECORDS_DIR'),
  });
});

test('refuses a symlink out of the directory, to a file or to a directory on the way', async () => {
  await symlink(join(outside.path, 'secret.ndjson'), join(files.path, 'out.ndjson'));
  await symlink(outside.path, join(files.path, 'outside'));
  for (const uri of ['file:out.ndjson', 'file:outside/secret.ndjson'])
    expect(await refusalOf(uri)).toEqual({
      type: 'RecordsRefused',
      message: `${uri}: the file lies outside of RECORDS_DIR`,
    });
});

test('refuses what is no regular file: a directory, a named pipe nobody writes to, a device', async () => {
  execFileSync('mkfifo', [join(files.path, 'pipe.ndjson')]);
  await symlink('/dev/zero', join(files.path, 'zero.ndjson'));
  expect((await refusalOf('file:sub')).message).toContain('not a regular file');
  expect((await refusalOf('file:pipe.ndjson')).message).toContain('not a regular file');
  expect((await refusalOf('file:zero.ndjson')).message).toContain('outside of RECORDS_DIR');
});

test('says so when there is no such file, no directory, or no telling the format', async () => {
  expect((await refusalOf('file:missing.ndjson')).message).toContain('there is no such file below RECORDS_DIR');
  await files.writeText('x', 'records.bin');
  expect(await refusalOf('file:records.bin')).toMatchObject({
    message: expect.stringContaining('give recordsRef.format'),
  });
  const nowhere = openRecords({ uri: 'file:a.ndjson' }, { directory: undefined, hosts: [], userAgent: '' });
  await expect(nowhere).rejects.toThrow('this worker has no RECORDS_DIR');
});

test('a file that was changed has another version', async () => {
  await files.writeText('{"objectID":"a"}\n', 'changing.ndjson');
  const version = async () => {
    const opened = await openRecords({ uri: 'file:changing.ndjson' }, access());
    await opened.close();
    return opened.version;
  };
  const before = await version();
  expect(await version()).toBe(before);
  await writeFile(join(files.path, 'changing.ndjson'), '{"objectID":"b"}\n');
  expect(await version()).not.toBe(before);
});

test('a file that is changed while it is read is told from one that is not', async () => {
  await files.writeText('{"objectID":"a"}\n', 'growing.ndjson');
  const opened = await openRecords({ uri: 'file:growing.ndjson' }, access());
  const chunks = opened.raw[Symbol.asyncIterator]();
  expect((await chunks.next()).value).toEqual(Buffer.from('{"objectID":"a"}\n'));
  await appendFile(join(files.path, 'growing.ndjson'), '{"objectID":"b"}\n');
  const rest = (async () => {
    while (!(await chunks.next()).done);
  })();
  await expect(rest).rejects.toMatchObject({
    type: 'RecordsInvalid',
    message:
      'file:growing.ndjson: it was changed while it was being read; begin again when nobody writes to it any more',
  });
  await opened.close();
});

test('downloads from a listed loopback host, and takes the format from the content type', async () => {
  const origin = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8', etag: '"v1"' }).end('objectID\na\n');
  });
  const opened = await openRecords({ uri: `${origin}/export` }, access(['127.0.0.1']));
  expect(opened).toMatchObject({ format: 'csv', seekable: false, version: expect.stringContaining('"v1"') });
  await opened.close();
  expect(await contentOf({ uri: `${origin}/export` }, [origin.slice('http://'.length)])).toBe('objectID\na\n');
});

test.each([
  ['https://files.example.com/x.ndjson', 'not listed in this worker'],
  ['http://files.example.com/x.ndjson', 'only https'],
  ['https://user:pass@listed.example.com/x.ndjson', 'user or password'],
  ['ftp://listed.example.com/x.ndjson', 'only https'],
  ['http://listed.example.com/x.ndjson', 'only https'],
  ['https://10.0.0.1/x.ndjson', 'not a public one'],
  ['https://169.254.169.254/latest/meta-data/x.ndjson', 'not a public one'],
  ['https://[::ffff:10.0.0.1]/x.ndjson', 'not a public one'],
  ['https://[fe80::1]/x.ndjson', 'not a public one'],
  ['https://2130706433:1/x.ndjson', 'not listed'],
])('refuses %s', async (uri, why) => {
  const hosts = ['listed.example.com', '10.0.0.1', '169.254.169.254', '[::ffff:a00:1]', '[fe80::1]'];
  expect(await refusalOf(uri, hosts)).toEqual({ type: 'RecordsRefused', message: expect.stringContaining(why) });
});

/** A name for this machine that doesn't say so, where it has one. */
const machine = await lookup(hostname()).then(
  ({ address }) => (isPrivate(address) ? hostname().toLowerCase() : undefined),
  () => undefined,
);

test.runIf(machine)('refuses a listed name that leads to a private address', async () => {
  const origin = await serve((_, response) => response.end('{"objectID":"a"}\n'));
  const uri = `https://${machine}:${new URL(origin).port}/x.ndjson`;
  expect(await refusalOf(uri, [machine ?? ''])).toEqual({
    type: 'RecordsRefused',
    message: expect.stringContaining('is not a public one'),
  });
});

test('follows no redirect', async () => {
  const origin = await serve((request, response) => {
    if (request.url === '/x.ndjson') response.writeHead(302, { location: '/y.ndjson' }).end();
    else response.end('{"objectID":"a"}\n');
  });
  expect(await refusalOf(`${origin}/x.ndjson`, ['127.0.0.1'])).toEqual({
    type: 'RecordsRefused',
    message: expect.stringContaining('redirects are not followed'),
  });
});

test('shows no query of a URL, which may be a credential', async () => {
  const origin = await serve((_, response) => response.writeHead(403).end());
  const { type, message } = await refusalOf(`${origin}/x.ndjson?signature=geheim`, ['127.0.0.1']);
  expect(type).toBe('RecordsInvalid');
  expect(message).toBe(`${origin}/x.ndjson: answered 403`);
});

test('what may go better another time says so: an outage, a download that breaks off', async () => {
  const unavailable = await serve((_, response) => response.writeHead(503).end());
  expect((await refusalOf(`${unavailable}/x.ndjson`, ['127.0.0.1'])).type).toBe('RecordsUnavailable');
  server?.closeAllConnections();
  server?.close();
  const breaking = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"objectID":"a"}\n', () => response.destroy());
  });
  expect(await refusalOf(`${breaking}/x.ndjson`, ['127.0.0.1'])).toMatchObject({
    type: 'RecordsUnavailable',
    message: expect.stringContaining('broke off'),
  });
});
