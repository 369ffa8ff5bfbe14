/**
 * Holds the table's types against the official client's: `npm run types` fails when a row drifts. Nothing here runs.
 */
import type { IngestionClient } from '@algolia/ingestion';
import type { InputOf, OperationName, OutputOf } from '../../src/operations/index.ts';

type Official<N extends OperationName> = Parameters<IngestionClient[N]>[0];
type OfficialAnswer<N extends OperationName> = Awaited<ReturnType<IngestionClient[N]>>;

/** Fails to compile, naming them, when there are any but the expected ones. */
type AssertOnly<Actual extends Expected, Expected> = Actual;
type Assert<T extends true> = T;

type IsAny<T> = 0 extends 1 & T ? true : false;
type Primitive = string | number | boolean | null | undefined;
/** What our inputs take in a credential's place. */
type Reference = { $secret: string };
type NamedMembers<T> = { [K in keyof T as string extends K ? never : number extends K ? never : K]: T[K] };

/** Every member that any variant of a union names. */
type Names<T> = T extends unknown ? keyof NamedMembers<T> : never;
type Member<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;
type MayLack<T, K> = T extends unknown
  ? K extends keyof NamedMembers<T>
    ? object extends Pick<T, K & keyof T>
      ? true
      : false
    : true
  : never;
type IndexOf<T> = T extends unknown ? (string extends keyof T ? T[keyof T & string] : never) : never;

/**
 * A type with its unions of objects laid over each other, references read as the strings they stand for, and every
 * member spelled `[whether it may be absent, its shape]`. The official types don't tie `input` to `type`, ours do;
 * laid flat, both say the same or have drifted.
 */
type Shape<T> =
  IsAny<T> extends true
    ? { anything: true }
    : unknown extends T
      ? { anything: true }
      : ShapeOfDefined<Exclude<T, undefined>>;
type ShapeOfDefined<T> =
  | Extract<T, Primitive>
  | ([Extract<T, Reference>] extends [never] ? never : string)
  | ([Extract<T, readonly unknown[]>] extends [never] ? never : { list: Shape<Extract<T, readonly unknown[]>[number]> })
  | ShapeOfObjects<Exclude<T, Primitive | Reference | readonly unknown[]>>;
type ShapeOfObjects<T> = [T] extends [never]
  ? never
  : {
      [K in Names<T> | ([IndexOf<T>] extends [never] ? never : '[any name]')]: K extends Names<T>
        ? [absent: true extends MayLack<T, K> ? true : false, shape: Shape<Member<T, K>>]
        : Shape<IndexOf<T>>;
    };

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** Stricter than {@link Same}, which the compiler may answer from type arguments alone. */
type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type SameShape<A, B> = Identical<Shape<A>, Shape<B>>;

/** The operations whose arguments are not exactly the official client's, credentials apart. */
type InputDrift<Ours extends Record<OperationName, unknown> = { [N in OperationName]: InputOf<N> }> = {
  [N in OperationName]: SameShape<Official<N>, Ours[N]> extends true ? never : N;
}[OperationName];

type KnownInputDrift =
  // The official type names the members it knows and allows any; ours allows any. Held below.
  | 'updateAuthentication'
  // Query values: official `any`, ours what can be written into a query.
  | 'customGet'
  | 'customPost'
  | 'customPut'
  | 'customDelete'
  // Ours also takes `null`, which the API allows in `status` and the official type lacks.
  | 'listEvents'
  // A docker stream takes more members than the official type knows: the API leaves it open. Held below.
  | 'createTask'
  | 'replaceTask'
  | 'updateTask';

export type InputsAreTheOfficialOnes = AssertOnly<InputDrift, KnownInputDrift>;
export type EveryKnownDriftIsReal = AssertOnly<KnownInputDrift, InputDrift>;

// What drifts on purpose, drifts only there.
export type UpdateAuthentication = [
  Assert<
    SameShape<
      Omit<Official<'updateAuthentication'>['authenticationUpdate'], 'input'>,
      Omit<InputOf<'updateAuthentication'>['authenticationUpdate'], 'input'>
    >
  >,
  Assert<
    SameShape<{ [name: string]: string }, NonNullable<InputOf<'updateAuthentication'>['authenticationUpdate']['input']>>
  >,
];
type CustomName = 'customGet' | 'customPost' | 'customPut' | 'customDelete';
export type Custom = AssertOnly<
  {
    [N in CustomName]: SameShape<Omit<Official<N>, 'parameters'>, Omit<InputOf<N>, 'parameters'>> extends true
      ? never
      : N;
  }[CustomName],
  never
>;
export type ListEvents = [
  Assert<SameShape<Omit<Official<'listEvents'>, 'status'>, Omit<InputOf<'listEvents'>, 'status'>>>,
  Assert<
    SameShape<
      NonNullable<Official<'listEvents'>['status']>[number] | null,
      NonNullable<InputOf<'listEvents'>['status']>[number]
    >
  >,
];
/** As if a docker stream were closed, which the official type says and the API doesn't. */
type WithClosedStreams<T> = Omit<T, 'input'> & {
  input?:
    | Exclude<NonNullable<Member<T, 'input'>>, { streams: unknown }>
    | { streams: NamedMembers<StreamOf<Member<T, 'input'>>>[] };
};
type StreamOf<T> = T extends { streams: (infer S)[] } ? S : never;
export type Tasks = [
  Assert<SameShape<WithClosedStreams<Official<'createTask'>>, WithClosedStreams<InputOf<'createTask'>>>>,
  Assert<
    SameShape<
      WithClosedStreams<Official<'replaceTask'>['taskReplace']>,
      WithClosedStreams<InputOf<'replaceTask'>['taskReplace']>
    >
  >,
  Assert<
    SameShape<
      WithClosedStreams<Official<'updateTask'>['taskUpdate']>,
      WithClosedStreams<InputOf<'updateTask'>['taskUpdate']>
    >
  >,
];

/** Operations whose argument holds no credential and is no union tied together by `type`: there plain assignability holds too. */
type Plain = Exclude<
  OperationName,
  | KnownInputDrift
  | 'createAuthentication'
  | 'createSource'
  | 'validateSource'
  | 'updateSource'
  | 'validateSourceBeforeUpdate'
  | 'tryTransformation'
  | 'tryTransformationBeforeUpdate'
>;
/** The official methods with nothing required default their argument. */
type NotMutual = {
  [N in Plain]: Same<Exclude<Official<N>, undefined>, InputOf<N>> extends true ? never : N;
}[Plain];
export type PlainInputsAreMutuallyAssignable = AssertOnly<NotMutual, never>;
/** Where `type` ties the union together, ours is the narrower: what we take, the official client takes. */
type Tied = 'createSource' | 'createAuthentication' | 'tryTransformation';
export type TiedInputsAreTheirs = AssertOnly<
  { [N in Tied]: WithoutReferences<InputOf<N>> extends Official<N> ? never : N }[Tied],
  never
>;
type WithoutReferences<T> = T extends Reference
  ? string
  : T extends Primitive
    ? T
    : T extends readonly (infer I)[]
      ? WithoutReferences<I>[]
      : { [K in keyof T]: WithoutReferences<T[K]> };

// The check bites: a row that says something else is found.
type Drifted = { [N in OperationName]: N extends 'getTask' ? { taskId: string } : InputOf<N> };
// @ts-expect-error -- getTask drifted
export type ARenamedMemberIsFound = AssertOnly<InputDrift<Drifted>, KnownInputDrift>;
type Loosened = {
  [N in OperationName]: N extends 'runTask' ? { taskID?: string; runTaskPayload?: object } : InputOf<N>;
};
// @ts-expect-error -- runTask's taskID became optional
export type ALostRequirementIsFound = AssertOnly<InputDrift<Loosened>, KnownInputDrift>;
type Widened = {
  [N in OperationName]: N extends 'listTransformations' ? InputOf<N> & { extra?: number } : InputOf<N>;
};
// @ts-expect-error -- listTransformations takes a member more
export type AnAddedMemberIsFound = AssertOnly<InputDrift<Widened>, KnownInputDrift>;

/** The paths of an official answer's members which ours doesn't name. */
type Missing<Theirs, Ours, Path extends string> =
  IsAny<Theirs> extends true
    ? never
    : unknown extends Ours
      ? never
      : MissingInDefined<NonNullable<Theirs>, NonNullable<Ours>, Path>;
type MissingInDefined<Theirs, Ours, Path extends string> = [Theirs] extends [Primitive]
  ? never
  : [Theirs] extends [readonly (infer T)[]]
    ? [Ours] extends [readonly (infer O)[]]
      ? Missing<T, O, `${Path}[]`>
      : Path
    : {
        [K in Names<Theirs> & string]: K extends Names<Ours>
          ? Missing<Member<Theirs, K>, Member<Ours, K>, `${Path}.${K}`>
          : `${Path}.${K}`;
      }[Names<Theirs> & string];

type MissingAnswers = { [N in OperationName]: Missing<OfficialAnswer<N>, OutputOf<N>, N> }[OperationName];
/** `input` is passed on as it comes: which members it has depends on the `type` beside it. */
type PassedOn = `${string}.input.${string}`;
export type AnswersNameEveryOfficialMember = AssertOnly<MissingAnswers, Extract<MissingAnswers, PassedOn>>;
// @ts-expect-error -- a run without its outcome would be found
export type AMissingMemberIsFound = AssertOnly<Missing<OfficialAnswer<'getRun'>, { runID: string }, 'getRun'>, never>;

/** An answer's members may be null or absent where the official type denies it, but hold no other kind of value. */
type OtherKind = {
  [N in 'getRun' | 'getEvent' | 'getTask' | 'push' | 'runTask' | 'runSource' | 'deleteTask']: {
    [K in keyof OfficialAnswer<N>]-?: OfficialAnswer<N>[K] extends Member<OutputOf<N>, K>
      ? never
      : `${N}.${K & string}`;
  }[keyof OfficialAnswer<N>];
};
export type OfficialAnswersAreOurs = AssertOnly<OtherKind[keyof OtherKind], never>;
