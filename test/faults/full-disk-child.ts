import { MockActivityEnvironment } from '@temporalio/testing';
import { readdirSync } from 'node:fs';
import { createKeepVerdicts } from '../../src/activities/keep-verdicts.ts';
import { createSecretFiles } from '../../src/secrets/secret-files.ts';

/** Writes what doesn't fit: `full-disk-child.ts <directory>`, started under a limit of file size, which is what a full disk looks like. */
const [directory = ''] = process.argv.slice(2);
// The signal that comes with the limit would end the process.
process.on('SIGXFSZ', () => undefined);

const outcome = (work: Promise<unknown>) =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({
      code: ((error as Error).cause as { code?: string } | undefined)?.code ?? (error as { code?: string }).code,
    }),
  );
const verdicts = Array.from({ length: 200 }, (_, place) => ({ taskID: `task-${place}`, verdict: 'success' }));
const keepVerdicts = createKeepVerdicts(directory);
const kept = await outcome(
  new MockActivityEnvironment().run(keepVerdicts, { name: 'b', offset: 0, verdicts }) as Promise<unknown>,
);
const secret = await outcome(createSecretFiles(directory).write('file:keys/v2', 's'.repeat(20_000)));
console.log(JSON.stringify({ kept, secret, left: readdirSync(`${directory}/keys`) }));
