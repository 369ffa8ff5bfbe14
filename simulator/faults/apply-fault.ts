import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Reply } from '../http/reply.ts';
import type { Fault } from './fault.ts';

const SLOW_MS = 1_000;
const DRIP_MS = 100;
/** More than any client should hold; it has to stop reading long before. */
const HUGE_BYTES = 1024 ** 3;
const PAGE =
  '<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Something is in the way</h1></body></html>';
/** The header is gzip's, the block after it is of a kind that doesn't exist. */
const NOT_GZIP = Buffer.from('1f8b0800000000000003ffffffffffffffff', 'hex');

/** Answers as the fault says; `perform` does what the request asks for and returns its honest answer. */
export async function applyFault(fault: Fault, reply: Reply, perform: () => Promise<Answer>): Promise<void> {
  const performed = async () => {
    if (fault.perform) await perform();
  };
  const { status, headers } = fault;
  switch (fault.kind) {
    case 'status':
      await performed();
      return reply.json({
        status: status ?? 500,
        body: fault.body ?? { message: fault.message ?? 'Simulated fault' },
        headers,
      });
    case 'html':
      await performed();
      return reply.raw(status ?? 502, { 'content-type': 'text/html; charset=utf-8', ...headers }, PAGE);
    case 'redirect':
      await performed();
      return reply.raw(status ?? 302, { location: 'http://127.0.0.1:9/elsewhere', ...headers }, '');
    case 'reset':
      if (fault.where !== 'end') await performed();
      if (fault.where === 'end') {
        await reply.json(await perform());
        return reply.end();
      }
      if (fault.where === 'body')
        await reply.half({ status: 200, body: { message: 'this answer ends here', padding: 'x'.repeat(200) } });
      return reply.reset();
    case 'hang':
      if (fault.ms === undefined) return reply.abandon();
      await delay(fault.ms);
      return reply.json(await perform());
    case 'slow':
      await (fault.until ?? delay(fault.ms ?? SLOW_MS));
      return reply.json(await perform());
    case 'loseAnswer':
      await perform();
      return reply.reset();
    case 'truncate':
      await reply.half(await perform());
      return reply.end();
    case 'corruptGzip':
      await perform();
      return reply.raw(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', ...headers }, NOT_GZIP);
    case 'emptyBody':
      await perform();
      return reply.raw(status ?? 200, { 'content-type': 'application/json', ...headers }, '');
    case 'invalidSchema':
      await perform();
      return reply.json({ status: 200, body: fault.body ?? { unexpected: true }, headers });
    case 'wrongType':
      return reply.json({ ...(await perform()), headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } });
    case 'drip':
      return reply.drip(await perform(), fault.ms ?? DRIP_MS);
    case 'huge':
      await perform();
      return reply.flood(HUGE_BYTES);
  }
}
