import { serveToParent } from './server-process.ts';

/**
 * What a push needs of Algolia, in a process of its own: takes a batch after the latency given, reads all of its JSON, and has
 * an event that succeeded for each. `push-server.ts <latency in ms>`.
 */
const latencyMs = Number(process.argv[2] ?? 0);
const RUN_ID = '6c02aeb1-775e-418e-870b-1faccd4b2c0f';
const PAGE_SIZE = 100;

const events: { eventID: string; publishedAt: string }[] = [];

serveToParent((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const url = new URL(request.url ?? '/', 'http://host');
    if (request.method === 'POST') {
      JSON.parse(Buffer.concat(chunks).toString());
      const eventID = `event-${events.length}`;
      setTimeout(() => {
        const createdAt = new Date().toISOString();
        events.push({ eventID, publishedAt: createdAt });
        answer({ runID: RUN_ID, eventID, message: 'OK', createdAt });
      }, latencyMs);
    } else if (url.pathname.endsWith('/events')) {
      const page = Number(url.searchParams.get('page') ?? 1);
      const since = url.searchParams.get('startDate') ?? '';
      const wanted = events.filter(({ publishedAt }) => publishedAt >= since).toReversed();
      const shown = wanted.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
      setTimeout(() => answer({ events: shown.map(succeeded), pagination: { page } }), latencyMs);
    } else setTimeout(() => answer(succeeded({ eventID: url.pathname.split('/').at(-1) ?? '' })), latencyMs);
  });
  function answer(body: object): void {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
});

const succeeded = (event: object) => ({
  ...event,
  runID: RUN_ID,
  status: 'succeeded',
  type: 'record',
  batchSize: 1_000,
});
