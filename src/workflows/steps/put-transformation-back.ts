import type { TransformationInspection } from '../../activities/inspect-transformation.ts';
import { repeatable } from '../proxies.ts';
import { failureMessage } from './failure-type.ts';

/** By what the transformation is known that this run has made. */
export interface Deployed {
  readonly hash: string;
  /** As the update answered; absent where it got no answer. */
  readonly updatedAt?: string;
}

/** Algolia may keep what it is given in another form, which its time of change tells all the same. */
export const isOurs = ({ hash, updatedAt }: TransformationInspection, deployed: Deployed): boolean =>
  hash === deployed.hash || (updatedAt !== null && updatedAt === deployed.updatedAt);

/** Makes a transformation again what it was, unless somebody else has changed it since. The outcome goes on after "The transformation". */
export async function putTransformationBack(
  { transformationID, definition, hash }: TransformationInspection,
  deployed: Deployed,
): Promise<{ outcome: string; restored: boolean }> {
  try {
    const now = await repeatable.inspectTransformation({ transformationID });
    if (now.hash === hash) return { outcome: 'is as it was', restored: true };
    if (!isOurs(now, deployed))
      return { outcome: 'was not put back: somebody else has changed it since, and that was left', restored: false };
    await repeatable.updateTransformation({ transformationID, transformationCreate: definition });
    return { outcome: 'was put back as it was', restored: true };
  } catch (error) {
    return { outcome: `was not put back: ${failureMessage(error)}`, restored: false };
  }
}
