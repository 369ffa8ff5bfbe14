import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { Duration } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import type { Fault } from '../../../simulator/faults/fault.ts';
import {
  forceConverge,
  rotateApiKey,
  rotateApiKeyId,
  rotateApiKeyStatus,
  type RotateApiKeyInput,
} from '../../../src/workflows/rotate-api-key.ts';
import { approval } from '../../../src/workflows/steps/approval.ts';
import { failureTypeOf } from '../../setup/decide.ts';
import { fastForward } from '../../setup/time-skipping.ts';
import type { Ending, Foretold, Scene } from './foretell.ts';
import { Props } from './props.ts';
import { approveIfAsked, say, send } from './say.ts';
import type { Stage } from './stage.ts';
import { REQUESTER, type Happening, type Stop, type Storm, type Story } from './story.ts';
import { until } from './until.ts';

/** More than a rotation has to wait for anything, once nobody has to be waited for. */
const TO_THE_END = '11m';
/** Long enough that a scene is over before them; else there is nothing to wait for. */
const LONG = { soak: '10m', overlap: '15m' } as const;
const FORCE = {
  'name and reason': { by: 'ana', reason: 'it is being replaced' },
  'no reason': { by: 'ana' },
  nothing: undefined,
} as const;

/** A rotation on a stage, from its start to what it comes to. */
export class Performance {
  readonly #stage: Stage;
  readonly #story: Story;
  readonly #props: Props;
  readonly #stops: ReadonlySet<Stop>;
  /** What holds the rotation back at a stop where it would not wait by itself. */
  readonly #held = new Map<Stop, Fault>();
  #handle!: WorkflowHandleWithFirstExecutionRunId<typeof rotateApiKey>;
  #epochBefore = 0;

  constructor(stage: Stage, story: Story, stops: readonly Stop[]) {
    this.#stage = stage;
    this.#story = story;
    this.#props = new Props(stage);
    this.#stops = new Set(stops);
  }

  async begin(): Promise<void> {
    const { worker, simulator } = this.#stage;
    const { mint } = this.#story;
    await this.#props.lay({ mint });
    this.#epochBefore = (await this.#props.ring()).epoch;
    if (this.#stops.has('probe') && mint) simulator.world.settings.keyMs = Infinity;
    else if (this.#stops.has('probe')) this.#held.set('probe', this.#props.refuse('listTasks', 503, Infinity));
    if (this.#stops.has('revoke')) this.#held.set('revoke', this.#props.refuse('getApiKey', 503, Infinity));
    this.#handle = await worker.client.workflow.start(rotateApiKey, {
      workflowId: `${rotateApiKeyId(simulator.applicationId)}/${randomUUID()}`,
      taskQueue: worker.taskQueue,
      args: [this.#input()],
    });
  }

  async perform({ stop, happenings, ends }: Scene): Promise<void> {
    await this.#reach(stop);
    for (const happening of happenings) await this.#make(stop, happening);
    this.#release(stop);
    if (ends) await this.#forward(TO_THE_END);
    else await this.#leave(stop);
  }

  /** How many decisions have reached the rotation. */
  async storm({ at, happenings }: Storm): Promise<number> {
    let heard = 0;
    if (at !== 'probe') await this.#reach('approve');
    if (at !== 'probe' && at !== 'approve') heard += await approveIfAsked(this.#handle);
    await this.#reach(at);
    const { planHash } = await this.#handle.query(approval);
    const happened = await Promise.allSettled(
      happenings.map(async (does) =>
        does.what === 'say' ? send(this.#handle, does, planHash) : this.#make(at, { does, askedAgain: false }),
      ),
    );
    this.#release(at);
    heard += happened.filter(({ status }, place) => happenings[place]?.what === 'say' && status === 'fulfilled').length;
    while (await this.#isGoingOn()) {
      heard += await approveIfAsked(this.#handle);
      await this.#forward('20s');
    }
    return heard;
  }

  /** Everything that tells what it came to: the rotation, the ring, Algolia, the disk, and a worker. */
  async end(mayIngest: boolean): Promise<Ending> {
    await until('it ends', async () => !(await this.#isGoingOn()));
    const closed = await this.#handle.describe();
    const { outcome = closed.memo?.outcome, forced } = await this.#status();
    const { state, refused, by } = await this.#handle.query(approval);
    const ring = await this.#props.ring();
    const { overlap, pending, rotation } = ring;
    const { reference } = ring.current;
    const rotationId = this.#handle.firstExecutionRunId;
    return {
      outcome: outcome as Ending['outcome'],
      closed: closed.status.name as Ending['closed'],
      approval: state as Ending['approval'],
      refused: refused.length,
      counted: by.length,
      currentKey: this.#props.nameOf(reference),
      switches: ring.epoch - this.#epochBefore,
      deleted: this.#props.deleted(rotationId),
      minted: this.#minted().length,
      newFile: this.#props.hasFile('new'),
      ingests: mayIngest && (await this.#props.ingestsWith(this.#props.fileOf(reference))),
      forced: forced !== undefined,
      ring: overlap || pending || rotation ? 'held' : 'free',
    };
  }

  /** Whatever has become of it, the next one finds the stage free. */
  async clear(): Promise<void> {
    const { faults, settings } = this.#stage.simulator.world;
    faults.remove();
    settings.keyMs = 0;
    await this.#handle?.terminate().catch(() => undefined);
  }

  #input(): RotateApiKeyInput {
    const { mint, revoke, quorum } = this.#story;
    return {
      toSecret: this.#props.reference('new'),
      mint: mint ? 'algolia' : 'external',
      revoke,
      soak: this.#stops.has('soak') ? LONG.soak : '1s',
      overlap: this.#stops.has('overlap') ? LONG.overlap : '0s',
      emergency: true,
      requestedBy: REQUESTER,
      approval: { policy: `of-${quorum}` },
    };
  }

  #reach(stop: Stop): Promise<void> {
    return until(`it is held at ${stop}`, async () => {
      const { steps, waitingFor = [] } = await this.#status();
      if (steps.find(({ step }) => step === stop)?.state !== 'going on') return false;
      switch (stop) {
        case 'probe':
          return this.#story.mint ? this.#minted().length === 1 : this.#hits(stop) > 0;
        case 'approve':
          return (await this.#handle.query(approval)).state === 'waiting';
        case 'converge':
          return waitingFor.length === 1;
        case 'revoke':
          return this.#hits(stop) > 0;
        case 'soak':
        case 'overlap':
          return true;
      }
    });
  }

  async #leave(stop: Stop): Promise<void> {
    switch (stop) {
      case 'probe':
      case 'revoke':
        return this.#forward('20s');
      case 'approve':
      case 'converge':
        return;
      case 'soak':
        // The rotation looks at everything once; then it waits for the word of a worker, whose time can't be skipped.
        await this.#forward('30s');
        await until('a worker confirms', async () => (await this.#props.ring()).confirmed.length === 1);
        return this.#forward(LONG.soak);
      case 'overlap':
        return this.#forward(LONG.overlap);
    }
  }

  async #make(stop: Stop, { does, askedAgain }: Foretold): Promise<unknown> {
    switch (does.what) {
      case 'say':
        return say(this.#handle, does, askedAgain);
      case 'force':
        return this.#handle.signal(forceConverge, FORCE[does.with] as never);
      case 'cancel':
        return this.#cancel(stop);
      case 'lose':
        return this.#props.lose(does, this.#handle.firstExecutionRunId);
      case 'refuse once':
        return this.#props.refuse('listTasks', 403, 1);
      case 'switch':
        return this.#props.switchTo(does.to);
      case 'swap':
        return this.#props.putKey('new');
      case 'rival':
        return this.#compete(does);
      case 'end ring':
        return this.#props.endRing();
      case 'wait a day':
        return this.#forward('25h');
    }
  }

  async #cancel(stop: Stop): Promise<void> {
    const looks = () => this.#stage.simulator.world.requests.counts.listApiKeys ?? 0;
    const before = looks();
    await this.#handle.cancel();
    if (stop !== 'probe' || !this.#story.mint) return;
    // The key that was created a moment ago is to be deleted again before it shows.
    await until('it is looked for', async () => looks() > before || !(await this.#isGoingOn()));
  }

  /** Whatever a second rotation is called, it comes to nothing while the first goes on. */
  async #compete({ id }: Extract<Happening, { what: 'rival' }>): Promise<void> {
    const { client, taskQueue } = this.#stage.worker;
    const workflowId = id === 'same' ? this.#handle.workflowId : randomUUID();
    const args: [RotateApiKeyInput] = [{ toSecret: this.#props.reference('rival') }];
    const started = client.workflow.start(rotateApiKey, { workflowId, taskQueue, args });
    const why = await started.then(failureTypeOf, (error: unknown) => (error instanceof Error ? error.name : error));
    if (why !== { same: 'WorkflowExecutionAlreadyStartedError', another: 'RotationUnderWay' }[id])
      throw new Error(`a rotation that was started meanwhile came to ${String(why)}`);
  }

  #release(stop: Stop): void {
    const { keys, faults } = this.#stage.simulator.world;
    const fault = this.#held.get(stop);
    if (fault) faults.remove(fault.id);
    for (const key of this.#minted()) if (keys.get(key.value)) keys.replace({ ...key, usableAt: -Infinity });
  }

  async #forward(duration: Duration): Promise<void> {
    await fastForward(this.#stage.worker.client, this.#handle.workflowId, duration).catch(async (error: unknown) => {
      if (await this.#isGoingOn()) throw error;
    });
  }

  async #isGoingOn(): Promise<boolean> {
    return (await this.#handle.describe()).status.name === 'RUNNING';
  }

  #status = () => this.#handle.query(rotateApiKeyStatus);
  #minted = () => this.#props.minted(this.#handle.firstExecutionRunId);
  #hits = (stop: Stop) => this.#held.get(stop)?.hits ?? 0;
}
