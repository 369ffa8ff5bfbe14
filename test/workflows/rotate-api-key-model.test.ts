import { fc, seedOf } from '../setup/fast-check.ts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createPool, type Pool } from '../setup/pool.ts';
import { foretell } from './rotation-model/foretell.ts';
import { broken } from './rotation-model/laws.ts';
import { play, weather } from './rotation-model/play.ts';
import { setStage, type Stage } from './rotation-model/stage.ts';
import { storms, stories, type Happening, type Stop, type Story } from './rotation-model/story.ts';

/**
 * Of each kind. More of them, and others: `ROTATIONS=100 SEED=random`. What came out otherwise is printed with a seed and a path:
 * `SEED=… STORY=…`, with the test's name, plays it again.
 */
const ROTATIONS = Number(process.env.ROTATIONS ?? 4);
const { STORY } = process.env;
/** A counterexample is made smaller for as long as that. */
const PATIENCE_MS = 180_000 + ROTATIONS * 30_000;
const from = (place: number) => ({
  numRuns: ROTATIONS,
  interruptAfterTimeLimit: PATIENCE_MS,
  markInterruptAsFailure: true,
  seed: seedOf(place),
  ...(STORY ? { path: STORY } : {}),
});

/** An application has one rotation at a time, most of which is waiting. */
const APPLICATIONS = 5;
vi.setConfig({ maxConcurrency: 20, testTimeout: PATIENCE_MS + 120_000 });

let stages: Stage[];
let pool: Pool<Stage>;
let withStraggler: Pool<Stage>;
beforeAll(async () => {
  stages = await Promise.all(
    Array.from({ length: APPLICATIONS + 1 }, (_, place) => setStage({ straggler: place === APPLICATIONS })),
  );
  pool = createPool(stages.slice(0, APPLICATIONS));
  withStraggler = createPool(stages.slice(APPLICATIONS));
});
afterAll(() => Promise.all(stages.map((stage) => stage.strike())));

async function comesToWhatWasForetold(story: Story): Promise<void> {
  const { scenes, ending } = foretell(story);
  const came = await (story.straggler ? withStraggler : pool).with((stage) => play(stage, story, scenes, ending));
  expect(came).toEqual(ending);
}

describe.concurrent('whatever happens to a rotation', () => {
  test.for([1, 2, 3])('it comes to what a page of paper would say (%i)', (place) =>
    fc.assert(fc.asyncProperty(stories(false), comesToWhatWasForetold), from(place)),
  );

  test('it comes to what a page of paper would say, with a worker that is waited for', () =>
    fc.assert(fc.asyncProperty(stories(true), comesToWhatWasForetold), from(1)));

  test.for([1, 2])('also when it happens all at once, some things hold always (%i)', (place) =>
    fc.assert(
      fc.asyncProperty(storms, async (storm) => {
        const ending = await pool.with((stage) => weather(stage, storm));
        expect({ ...ending, broken: broken(ending, storm) }).toEqual({ ...ending, broken: [] });
      }),
      from(place),
    ),
  );
});

const plain: Story = { mint: false, revoke: 'delete', quorum: 1, straggler: false, happenings: [] };
const minted: Story = { ...plain, mint: true };
const at = (stop: Stop, ...happenings: Happening[]) => happenings.map((does) => ({ at: stop, does }));
/** What came out otherwise once. */
const once: readonly [name: string, story: Story][] = [
  [
    'goes back to no key that was deleted',
    { ...plain, happenings: at('soak', { what: 'lose', key: 'old', its: 'existence' }, { what: 'cancel' }) },
  ],
  [
    'does not delete an old key that an operator has made current again',
    { ...plain, happenings: at('revoke', { what: 'switch', to: 'old' }) },
  ],
  [
    'does not delete an old key while the new one is refused',
    { ...plain, happenings: at('revoke', { what: 'lose', key: 'new', its: 'rights' }) },
  ],
  [
    'does not tell that all is well while the new key is refused, though the old one is gone already',
    {
      ...plain,
      happenings: [
        ...at('probe', { what: 'lose', key: 'old', its: 'existence' }),
        ...at('revoke', { what: 'lose', key: 'new', its: 'rights' }),
      ],
    },
  ],
  [
    'deletes an old key while the new one is refused, if another one counts by then',
    {
      ...plain,
      happenings: at('revoke', { what: 'lose', key: 'new', its: 'rights' }, { what: 'switch', to: 'third' }),
    },
  ],
  ['deletes a key that was created a moment ago', { ...minted, happenings: at('probe', { what: 'cancel' }) }],
  [
    'leaves no file of a created key that somebody else has deleted',
    { ...minted, happenings: at('probe', { what: 'lose', key: 'new', its: 'existence' }) },
  ],
  ['goes on with a key ring that was terminated', { ...plain, happenings: at('soak', { what: 'end ring' }) }],
];

describe.concurrent('a rotation', () => {
  test.for(once)('%s', ([, story]) => comesToWhatWasForetold(story));
});
