import { Command } from 'commander';
import { addCodecCommand } from '../src/cli/codec.ts';
import { report } from '../src/cli/report.ts';

/** `tsx scripts/codec-server.ts --port 8081`: the CLI's `codec` by itself, for a container of its own. */
const program = new Command('codec-server').exitOverride();
addCodecCommand(program);

try {
  await program.parseAsync(['codec', ...process.argv.slice(2)], { from: 'user' });
} catch (error) {
  const { message, exitCode } = await report(error);
  if (message !== undefined) console.error(message);
  process.exitCode = exitCode;
}
