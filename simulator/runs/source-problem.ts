/** The source can't be read, so there is nothing to ingest: the run ends critically. */
export class SourceProblem extends Error {
  override readonly name = 'SourceProblem';
}
