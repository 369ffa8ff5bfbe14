import { benchCallPath } from './call-path.ts';
import { benchHistory } from './history.ts';
import { benchLargePush, benchPush } from './push.ts';
import { benchStartUp } from './start-up.ts';
import { benchThroughput } from './throughput.ts';
import { benchWaiting } from './waiting.ts';

/** Ratios within one run hold on any machine; absolute figures don't. */
const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  'call-path': benchCallPath,
  history: benchHistory,
  push: benchPush,
  'push-large': benchLargePush,
  'start-up': benchStartUp,
  throughput: benchThroughput,
  waiting: benchWaiting,
};

/** `npm run bench` runs all of them, `npm run bench -- start-up` one. */
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}: try ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 2;
} else {
  for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) await BENCHES[name]?.();
}
