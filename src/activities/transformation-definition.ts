import { planHash } from '../approvals/plan-hash.ts';
import type { InputOf, OutputOf } from '../operations/index.ts';

/** Everything of a transformation that an update gives: there is no partial one. */
export type TransformationDefinition = InputOf<'updateTransformation'>['transformationCreate'];

/** What to send to make a transformation what it is now. */
export function definitionOf({
  name,
  type,
  input,
  code,
  description,
  authenticationIDs,
}: OutputOf<'getTransformation'>): TransformationDefinition {
  const kept = {
    name,
    ...(description == null ? {} : { description }),
    ...(authenticationIDs ? { authenticationIDs } : {}),
  };
  // One that was made before there was `input` has but the deprecated member.
  if (!input) return { ...kept, code: code ?? '' };
  return { ...kept, type: type ?? ('steps' in input ? 'noCode' : 'code'), input } as TransformationDefinition;
}

/** The same for the same transformation, in whichever of its two ways the code is given. */
export function definitionHash({ code, ...rest }: TransformationDefinition): string {
  return planHash(code === undefined ? rest : { ...rest, type: 'code', input: { code } });
}

/** The code, or the steps, as people read them. */
export function textOf({ code, input }: TransformationDefinition): string {
  if (input && 'steps' in input) return `${JSON.stringify(input.steps, null, 2)}\n`;
  return input?.code ?? code ?? '';
}
