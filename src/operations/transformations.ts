import { z } from 'zod';
import { AuthenticationCreate } from './authentications.ts';
import {
  answer,
  Deleted,
  freeObject,
  idempotent,
  listOf,
  once,
  order,
  page,
  read,
  resourceName,
  text,
} from './operation.ts';

const transformationType = z.enum(['code', 'noCode']);
export const codeInput = z.strictObject({ code: z.string() });
export const noCodeInput = z.strictObject({ steps: z.array(freeObject) });

const codeOrInput = {
  /** Deprecated by Algolia in favour of `type` and `input`. */
  code: z.string().optional(),
  type: transformationType.optional(),
  input: z.union([codeInput, noCodeInput]).optional(),
};

/** `type` must fit `input`, and exactly one of `input` and the deprecated `code` must be there. */
const oneSourceOfCode = (
  ctx: z.core.ParsePayload<{ code?: string | undefined; type?: string | undefined; input?: object | undefined }>,
) => {
  const { type, input } = ctx.value;
  const problem = (message: string, path: string[]) =>
    ctx.issues.push({ code: 'custom', message, path, input: ctx.value });
  if ((ctx.value.code === undefined) === (input === undefined))
    problem('give the code as input.code (or, deprecated, as code), and only once', ['input']);
  if (type === 'code' && input && !('code' in input))
    problem('a transformation of type code takes {"code": …}', ['input']);
  if (type === 'noCode' && input && !('steps' in input))
    problem('a transformation of type noCode takes {"steps": […]}', ['input']);
};

const TransformationCreate = z
  .strictObject({
    name: resourceName,
    ...codeOrInput,
    description: z.string().optional(),
    authenticationIDs: z.array(z.string()).optional(),
  })
  .check(oneSourceOfCode);

const TransformationTry = z
  .strictObject({
    ...codeOrInput,
    sampleRecord: freeObject,
    authentications: z.array(AuthenticationCreate).optional(),
  })
  .check(oneSourceOfCode);

const Transformation = answer({
  transformationID: z.string(),
  name: z.string(),
  code: text,
  type: text,
  input: z.record(z.string(), z.unknown()).nullish(),
  description: text,
  authenticationIDs: z.array(z.string()).nullish(),
  owner: text,
  createdAt: text,
  updatedAt: text,
});

/** A failed try is a 200 with `error`; each payload is a JSON string. */
const TransformationTried = answer({
  payloads: z.array(z.string()).nullish(),
  error: answer({ code: z.union([z.number(), z.string()]).nullish(), message: text }).nullish(),
});

export const transformations = {
  listTransformations: read('GET /1/transformations', 'List transformations', {
    query: {
      ...page,
      sort: z.enum(['name', 'updatedAt', 'createdAt']).optional(),
      order,
      type: transformationType.optional(),
    },
    response: listOf('transformations', Transformation.partial()),
  }),
  createTransformation: once('POST /1/transformations', 'Create a transformation', {
    body: TransformationCreate,
    response: answer({ transformationID: z.string(), createdAt: text }),
  }),
  tryTransformation: read('POST /1/transformations/try', 'Try a transformation before creating it', {
    body: TransformationTry,
    takesSecrets: true,
    response: TransformationTried,
  }),
  searchTransformations: read('POST /1/transformations/search', 'Search for transformations', {
    body: z.strictObject({ transformationIDs: z.array(z.string()) }),
    response: z.array(Transformation),
  }),
  getTransformation: read('GET /1/transformations/{transformationID}', 'Retrieve a transformation', {
    response: Transformation,
  }),
  updateTransformation: idempotent('PUT /1/transformations/{transformationID}', 'Update a transformation', {
    body: { transformationCreate: TransformationCreate },
    response: answer({ transformationID: z.string(), updatedAt: text }),
  }),
  deleteTransformation: idempotent('DELETE /1/transformations/{transformationID}', 'Delete a transformation', {
    response: Deleted,
  }),
  tryTransformationBeforeUpdate: read(
    'POST /1/transformations/{transformationID}/try',
    'Try a transformation before updating it',
    {
      body: { transformationTry: TransformationTry },
      takesSecrets: true,
      response: TransformationTried,
    },
  ),
};
