import { metricMeter } from '@temporalio/activity';

/** Of records that were accepted, their events say what became of them. */
export function countPushed(outcome: 'accepted' | 'refused', records: number): void {
  metricMeter
    .createCounter('algolia_ingestion_records_pushed', '', 'Records pushed by whether Algolia took them')
    .add(records, { outcome });
}
