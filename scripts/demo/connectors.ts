/** The two connectors of the demo: a JSON source with a transformation, and a CSV source. */

const MOVIE_TRANSFORMATION = `
// Titles repeat, so a film is named by its title and its release date.
async function transform(record) {
  const title = String(record.Title);
  return {
    objectID: [title, record['Release Date']].join(' | '),
    title,
    director: record.Director,
    genre: record['Major Genre'],
    year: Number(String(record['Release Date']).slice(-4)) || null,
    rating: record['IMDB Rating'],
    votes: record['IMDB Votes'],
    grossUSD: record['Worldwide Gross'],
    profitable: record['Worldwide Gross'] > record['Production Budget'],
  };
}
`.trim();

/** About 3,200 films, transformed on the way. */
export const movies = (dataUrl: string) => ({
  name: 'demo movies',
  authentication: {
    type: 'basic' as const,
    input: { username: 'demo', password: { $secret: 'env:SECRET_DEMO_FEED' } },
  },
  source: { type: 'json' as const, input: { url: `${dataUrl}/movies.json`, method: 'GET' as const } },
  transformation: {
    type: 'code' as const,
    input: { code: MOVIE_TRANSFORMATION },
    tryOn: [
      { Title: 'Alien', 'Release Date': 'May 25 1979', 'Worldwide Gross': 203630630, 'Production Budget': 9000000 },
    ],
  },
  destination: { type: 'search' as const, input: { indexName: 'movies' } },
  task: { action: 'replace' as const },
  requestedBy: 'demo',
  reason: 'the demo: films from a JSON feed',
});

/** About 3,400 airports of the United States. */
export const airports = (dataUrl: string) => ({
  name: 'demo airports',
  source: {
    type: 'csv' as const,
    input: {
      url: `${dataUrl}/airports.csv`,
      uniqueIDColumn: 'iata',
      mapping: { latitude: 'float' as const, longitude: 'float' as const },
    },
  },
  destination: { type: 'search' as const, input: { indexName: 'airports' } },
  task: { action: 'replace' as const },
  firstSync: { enabled: true },
  requestedBy: 'demo',
  reason: 'the demo: airports from a CSV file',
});
