import { z } from 'zod';
import { manifestSchema, type Manifest } from '../../manifest/manifest.ts';
import { approvalBy, asWritten, intent } from './vocabulary.ts';

/** It stands in the history a few times, and the server refuses more than 2 MB at a time. */
const MAX_MANIFEST_BYTES = 1_200_000;

const manifest = asWritten(manifestSchema) as unknown as z.ZodType<Manifest, Manifest>;

export const applyManifestInput = z
  .strictObject({
    /** Which connectors there should be. */
    manifest,
    /** Whether what the manifest's sections don't mention is deleted, and what can't be changed made anew. */
    prune: z.boolean().default(false),
    /** The plan that was looked at: any other is refused. */
    planHash: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'expected the planHash that `algolia-ingestion plan` prints')
      .optional(),
    approval: approvalBy.optional(),
    ...intent,
  })
  .check((ctx) => {
    const bytes = Buffer.byteLength(JSON.stringify(ctx.value.manifest ?? null));
    if (bytes > MAX_MANIFEST_BYTES)
      ctx.issues.push({
        code: 'custom',
        path: ['manifest'],
        message: `${(bytes / 1_000_000).toFixed(1)} MB, and no more than ${MAX_MANIFEST_BYTES / 1_000_000} MB fit through Temporal: apply it in parts (a part without a section leaves that kind alone)`,
        input: undefined,
      });
  });
