import { createHmac } from 'node:crypto';

const DIGITS = 8;
const PURPOSE = 'algolia-ingestion/key-fingerprint';

export interface FingerprintOptions {
  readonly applicationId: string;
  /** `SECRET_KEY_FINGERPRINT_PEPPER`, the same for every worker: without it, whoever guesses a key can check the guess. */
  readonly pepper?: string | undefined;
}

/** Says whether two keys are the same, and nothing else about them: eight hex digits, different for each application. */
export function createFingerprint({ applicationId, pepper = '' }: FingerprintOptions): (value: string) => string {
  const secret = `${PURPOSE}/${applicationId}/${pepper}`;
  return (value) => createHmac('sha256', secret).update(value).digest('hex').slice(0, DIGITS);
}
