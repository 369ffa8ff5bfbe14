import type { Ending, Scene } from './foretell.ts';
import type { Weathered } from './laws.ts';
import { Performance } from './performance.ts';
import type { Stage } from './stage.ts';
import type { Storm, Story } from './story.ts';

/** Plays a story on a stage, scene by scene, and looks at what it came to. */
export async function play(stage: Stage, story: Story, scenes: readonly Scene[], ending: Ending): Promise<Ending> {
  const performance = new Performance(
    stage,
    story,
    scenes.map(({ stop }) => stop),
  );
  try {
    await performance.begin();
    for (const scene of scenes) await performance.perform(scene);
    return await performance.end(ending.ingests);
  } finally {
    await performance.clear();
  }
}

/** Lets everything happen at once, gives the rotation whatever it waits for until it ends, and looks at what it came to. */
export async function weather(stage: Stage, storm: Storm): Promise<Weathered> {
  const story = { ...storm, straggler: false, happenings: [] };
  const performance = new Performance(stage, story, [storm.at]);
  try {
    await performance.begin();
    const heard = await performance.storm(storm);
    return { ...(await performance.end(true)), heard };
  } finally {
    await performance.clear();
  }
}
