import type { Source } from '../resources/resource.ts';
import type { World } from '../world.ts';
import { withoutPasswords } from '../http/redact.ts';
import { SourceProblem } from './source-problem.ts';

const FETCH_TIMEOUT_MS = 30_000;
const MAX_BYTES = 256 * 1024 * 1024;

/** What is at the source's URL, asked for with the source's credentials. */
export async function fetchText(world: World, source: Source, url: string): Promise<string> {
  try {
    const response = await fetch(url, {
      method: source.input?.method === 'POST' ? 'POST' : 'GET',
      headers: { 'user-agent': 'algolia-ingestion-simulator', ...(await authorization(world, source)) },
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new SourceProblem(`the source answered ${response.status} ${response.statusText}`);
    }
    if (Number(response.headers.get('content-length') ?? 0) > MAX_BYTES)
      throw new SourceProblem('the source is too large');
    return (await response.text()).replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof SourceProblem) throw error;
    throw new SourceProblem(`the source is unreachable: ${withoutPasswords(reasonOf(error))}`);
  }
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: NodeJS.ErrnoException };
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
}

async function authorization(world: World, { authenticationID }: Source): Promise<Record<string, string>> {
  const found = authenticationID === undefined ? undefined : world.authentications.get(authenticationID);
  if (found?.type === 'basic') {
    const { username = '', password = '' } = found.input;
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }
  if (found?.type === 'oauth') return { authorization: `Bearer ${await clientCredentialsToken(found.input)}` };
  return {};
}

async function clientCredentialsToken(input: Readonly<Record<string, string>>): Promise<string> {
  const { url = '', client_id = '', client_secret = '', scope = '' } = input;
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret, scope }),
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (!response.ok) throw new SourceProblem(`the authorization server answered ${response.status}`);
  const { access_token: token } = (await response.json()) as { access_token?: unknown };
  if (typeof token !== 'string') throw new SourceProblem('the authorization server gave no access_token');
  return token;
}
