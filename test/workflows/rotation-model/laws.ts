import type { Ending } from './foretell.ts';
import type { Happening, KeyName, Storm } from './story.ts';

/** What a rotation came to in a storm, and how many decisions reached it. */
export type Weathered = Ending & { readonly heard: number };

/** What holds whatever happens, in whatever order. Each law names what breaks it. */
const laws: Readonly<Record<string, (ending: Weathered, storm: Storm) => boolean>> = {
  'as many keys are created as were asked for': ({ minted }, { mint }) => minted === (mint ? 1 : 0),
  // After a swap two keys go by that name: the one that the rotation has made, and the one that somebody has put in its place.
  'one key at most is deleted, and never the current one': ({ deleted, currentKey, ingests }, { happenings }) =>
    deleted.length <= 1 && (!deleted.includes(currentKey) || (happenings.some(isSwap) && ingests)),
  'nothing is switched or revoked without an approval': ({ approval, outcome, deleted, currentKey }, storm) =>
    approval === 'approved' ||
    (outcome === 'abandoned' && !deleted.some((key) => key !== 'new') && (currentKey !== 'new' || puts(storm, 'new'))),
  'an old key is deleted by a rotation that says so': ({ outcome, deleted }) =>
    outcome === 'revoked' || !deleted.some((key) => key !== 'new'),
  'a key that was created for nothing is gone, and its file': ({ outcome, deleted, newFile }, storm) => {
    if (!storm.mint || puts(storm, 'new') || !(outcome === 'abandoned' || outcome === 'rolledBack')) return true;
    // What somebody else has put there stays.
    return (deleted.includes('new') || takes(storm, 'new')) && (!newFile || storm.happenings.some(isSwap));
  },
  'every decision counts or is listed as refused': ({ heard, refused, counted }) => heard === refused + counted,
  'it fails unless it did what was asked, or was denied': ({ closed, outcome, approval }) =>
    (closed === 'COMPLETED') === (outcome === 'revoked' || outcome === 'left' || approval === 'rejected'),
  'the ring is free for the next one': ({ ring }) => ring === 'free',
  'ingestion goes on unless somebody takes its key away': ({ ingests, currentKey }, storm) =>
    ingests || takes(storm, currentKey),
};

export const broken = (ending: Weathered, storm: Storm): string[] =>
  Object.entries(laws).flatMap(([law, holds]) => (holds(ending, storm) ? [] : [law]));

const puts = ({ happenings }: Storm, key: KeyName) =>
  happenings.some((happening) => happening.what === 'switch' && happening.to === key);
const isSwap = ({ what }: Happening) => what === 'swap';
const takes = ({ happenings }: Storm, key: KeyName) =>
  happenings.some(
    (happening) => (happening.what === 'lose' && happening.key === key) || (happening.what === 'swap' && key === 'new'),
  );
