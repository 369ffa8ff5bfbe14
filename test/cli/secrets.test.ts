import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cliWith, type Cli } from './run-cli.ts';

let directory: string;
let cli: Cli;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cli-secrets-'));
  await mkdir(join(directory, 'secrets'));
  await writeFile(join(directory, 'secrets', 'shopify'), 'swordfish\n');
  await mkdir(join(directory, 'secrets', 'shops'));
  await writeFile(join(directory, 'secrets', 'shops', 'token'), 'swordfish\n');
  await writeFile(join(directory, 'secrets', '.token.half-written'), '');
  await writeFile(join(directory, 'outside'), 'swordfish\n');
  cli = cliWith({ SECRETS_DIR: join(directory, 'secrets'), SECRET_SHOPIFY: 'swordfish', SHOPIFY: 'swordfish' });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('references that can be read are fine, and no value is shown', async () => {
  const { code, stdout, stderr } = await cli(['secrets', 'check', 'env:SECRET_SHOPIFY', 'file:shopify']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^env:SECRET_SHOPIFY +yes$/m);
  expect(stdout).toMatch(/^file:shopify +yes$/m);
  expect(stdout).not.toContain('swordfish');
});

test('each that cannot be read says why', async () => {
  const references = ['env:SHOPIFY', 'env:SECRET_NONE', 'file:none', 'file:../outside', 'swordfish'];
  const { code, json } = await cli(['secrets', 'check', ...references, 'file:shopify', '--json']);
  expect(code).toBe(1);
  expect(json()).toEqual([
    { reference: 'env:SHOPIFY', readable: false, why: 'only variables that begin with SECRET_ may be read' },
    { reference: 'env:SECRET_NONE', readable: false, why: "the variable is not set in this command's environment" },
    { reference: 'file:none', readable: false, why: 'there is no such file below SECRETS_DIR' },
    { reference: 'file:../outside', readable: false, why: 'the path must lie below SECRETS_DIR' },
    { reference: 'swordfish', readable: false, why: 'a reference begins with env: or file:' },
    { reference: 'file:shopify', readable: true },
  ]);
});

test('without SECRETS_DIR it is this command that has none, whatever the worker has', async () => {
  const { json } = await cliWith({})(['secrets', 'check', 'file:shopify', '--json']);
  expect(json()).toEqual([{ reference: 'file:shopify', readable: false, why: 'this command has no SECRETS_DIR' }]);
});

test('without a reference all that there are are checked', async () => {
  const { code, json } = await cli(['secrets', 'check', '--json']);
  expect(code).toBe(0);
  expect(json()).toEqual(
    ['env:SECRET_SHOPIFY', 'file:shopify', 'file:shops/token'].map((reference) => ({ reference, readable: true })),
  );
  const nowhere = await cliWith({ SECRETS_DIR: join(directory, 'nowhere') })(['secrets', 'check']);
  expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringMatching(/^SECRETS_DIR: there is no such/) });
});
