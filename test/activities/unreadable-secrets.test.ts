import { expect, test } from 'vitest';
import { unreadableSecrets } from '../../src/activities/unreadable-secrets.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';
import { createSecretStore } from '../../src/secrets/secret-store.ts';

const store = createSecretStore({
  variables: { SECRET_FEED: 'swordfish' },
  directory: undefined,
  scrubber: createScrubber(),
});

test('the credentials of a plan that this worker cannot read are told by their places', async () => {
  const create = (place: string, input: object) =>
    ({ change: 'create', kind: 'source', place, name: place, body: { input } }) as const;
  const steps = [
    create('authentications[0]', { username: 'u', password: { $secret: 'env:SECRET_FEED' } }),
    create('authentications[1]', { key: { $secret: 'env:SECRET_TYPO' } }),
    create('sources[0]', { configuration: { shops: [{ token: { $secret: 'file:shop' } }] } }),
    { change: 'delete', kind: 'task', name: 't', id: 't', why: 'notInManifest' } as const,
  ];
  const told = await unreadableSecrets(steps, (reference) => store.reveal(reference));
  expect(told).toEqual([
    "authentications[1].input.key: secret env:SECRET_TYPO: the variable is not set in this worker's environment",
    'sources[0].input.configuration.shops[0].token: secret file:shop: this worker has no SECRETS_DIR',
  ]);
  expect(told.join()).not.toContain('swordfish');
});
