import { serveOnLoopback } from '../../scripts/serve-on-loopback.ts';

export interface Receiver {
  readonly url: string;
  /** What was posted to a path, oldest first. */
  readonly posted: (path: string) => readonly Posted[];
  /** What it answers from now on. */
  status: number;
  readonly stop: () => Promise<void>;
}

export interface Posted {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- what arrives is for the test to judge
  readonly body: any;
}

/** A webhook receiver on loopback that remembers. */
export async function startReceiver(): Promise<Receiver> {
  const all: Posted[] = [];
  const { url, stop } = await serveOnLoopback((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      if (receiver.status < 300)
        all.push({ path, headers, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown });
      response.writeHead(receiver.status).end('thanks');
    });
  });
  const receiver: Receiver = {
    url,
    posted: (path) => all.filter((posted) => posted.path === path),
    status: 200,
    stop,
  };
  return receiver;
}
