import { serveOnLoopback } from '../../scripts/serve-on-loopback.ts';

export interface GuardedRecords {
  readonly url: string;
  /** The passwords that are taken, for the user `shop`. */
  readonly passwords: Set<string>;
  readonly stop: () => Promise<void>;
}

/** Serves three records to whoever has a password: a shop's feed, for credentials that matter. */
export async function serveGuardedRecords(...passwords: string[]): Promise<GuardedRecords> {
  const taken = new Set(passwords);
  const { url, stop } = await serveOnLoopback((request, response) => {
    const [, credentials = ''] = (request.headers.authorization ?? '').split(' ');
    const [user, ...password] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
    const welcome = user === 'shop' && taken.has(password.join(':'));
    response.writeHead(welcome ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(['a', 'b', 'c'].map((objectID) => ({ objectID }))));
  });
  return { url: `${url}/feed.json`, passwords: taken, stop };
}
