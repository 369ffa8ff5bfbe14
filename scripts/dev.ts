import { once } from 'node:events';
import { cliFor, startServices, STOP_SIGNALS } from './services.ts';

/** The demo's services without the demo: for working on the worker, which restarts on every change. */
const services = await startServices({ watch: true, workerLog: 'inherit', keepState: true });
process.stdout.write(
  [
    `Temporal   ${services.temporal.address}`,
    `Web UI     ${services.temporal.uiUrl ?? ''}`,
    `simulator  ${services.simulator.url}`,
    `data       ${services.data.url}/movies.json and /airports.csv`,
    `CLI        ${cliFor(services.temporal.address)} --help`,
    'Ctrl-C stops everything.\n',
  ].join('\n'),
);
const serverEnded = services.temporal.exited.then(() => process.stderr.write('The Temporal server has ended.\n'));
const asked = STOP_SIGNALS.map((signal) => once(process, signal));
await Promise.race([...asked, once(services.worker, 'exit'), serverEnded]);
await services.stop();
