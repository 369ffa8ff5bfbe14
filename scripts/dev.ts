import { once } from 'node:events';
import { startServices } from './services.ts';

/** The demo's services without the demo: for working on the worker, which restarts on every change. */
const services = await startServices({ watch: true, workerLog: 'inherit', keepState: true });
process.stdout.write(
  [
    `Temporal   ${services.temporal.address}`,
    `Web UI     ${services.temporal.uiUrl ?? ''}`,
    `simulator  ${services.simulator.url}`,
    `data       ${services.data.url}/movies.json and /airports.csv`,
    'Ctrl-C stops everything.\n',
  ].join('\n'),
);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(services.worker, 'exit')]);
await services.stop();
