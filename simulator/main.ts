import { parseArgs } from 'node:util';
import { startSimulator } from './start-simulator.ts';

const USAGE = 'npm run simulator -- [--port 4010] [--speed 1] [--no-quotas] [--state file]';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4010' },
    speed: { type: 'string', default: '1' },
    state: { type: 'string' },
    'no-quotas': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const port = Number(values.port);
const speed = Number(values.speed);

if (values.help) {
  console.log(USAGE);
} else if (!Number.isInteger(port) || port < 0 || port > 65_535 || !(speed > 0)) {
  console.error(`--port takes a port and --speed a positive number. ${USAGE}`);
  process.exitCode = 2;
} else {
  await run();
}

async function run(): Promise<void> {
  const { ALGOLIA_APPLICATION_ID, ALGOLIA_API_KEY, SIMULATOR_ADMIN_KEY } = process.env;
  const simulator = await startSimulator({
    port,
    speed,
    ...(ALGOLIA_APPLICATION_ID && { applicationId: ALGOLIA_APPLICATION_ID }),
    ...(ALGOLIA_API_KEY && { apiKey: ALGOLIA_API_KEY }),
    ...(SIMULATOR_ADMIN_KEY && { adminKey: SIMULATOR_ADMIN_KEY }),
    ...(values.state !== undefined && { stateFile: values.state }),
    ...(values['no-quotas'] && { quotas: false as const }),
  });
  console.log(
    `Simulator of the Algolia Ingestion API for application ${simulator.applicationId}, on loopback only: ${simulator.url}`,
  );
  console.log(
    `For demo and tests: ${values.state ? `its state is kept in ${values.state}` : 'everything is in memory and gone when it stops'}. Control API: ${simulator.url}/_simulator/`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.stop());
}
