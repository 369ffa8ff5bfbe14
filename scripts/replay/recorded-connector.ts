/** A connector with everything that one may have. */
export const recordedConnector = (url: string) => ({
  name: 'recorded',
  authentication: { type: 'basic', input: { username: 'shop', password: { $secret: 'env:SECRET_SHOP' } } },
  source: { type: 'json', input: { url } },
  transformation: {
    type: 'code',
    input: { code: 'async function transform(record) { return record; }' },
    tryOn: [{ objectID: '1' }],
  },
  destination: { type: 'search', input: { indexName: 'recorded' } },
  task: { action: 'replace' },
});
