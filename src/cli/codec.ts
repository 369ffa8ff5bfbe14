import { once } from 'node:events';
import type { Command } from 'commander';
import { isLoopback, startCodecServer } from '../codec/codec-server.ts';
import { loadCliConfig } from '../config.ts';
import { addExamples } from './examples.ts';
import { CliError, EXIT } from './exit.ts';
import { print, remark } from './output.ts';
import { portOption } from './port-option.ts';

interface CodecOptions {
  readonly port: number;
  readonly host: string;
  readonly origin?: string[];
}

export function addCodecCommand(program: Command): void {
  const command = program
    .command('codec')
    .description(
      'Serves POST /decode and POST /encode with the keys of TEMPORAL_CODEC_KEYS, until it is told to stop.\nIn the Web UI, enter its address under the glasses icon; `temporal` takes it as --codec-endpoint.\nWhoever reaches it can decrypt: it asks nobody who they are.',
    )
    .option('--port <port>', 'where to listen', portOption, 8081)
    .option('--host <address>', 'on which address', '127.0.0.1')
    .option(
      '--origin <origin...>',
      'where Web UIs are served, such as https://temporal.example.com (default: pages on this machine)',
    )
    .action(async ({ port, host, origin = [] }: CodecOptions) => {
      const { codecKeys: keys } = loadCliConfig();
      if (keys.length === 0)
        throw new CliError('TEMPORAL_CODEC_KEYS: not set: id:key,id2:key2, as the worker has it', EXIT.usage);
      if (!isLoopback(host))
        remark(`Listening on ${host}: whoever reaches it can decrypt. Put a proxy in front that asks who they are.`);
      await serve({ keys, port, host, origins: origin });
    });
  addExamples(command, [
    'algolia-ingestion codec',
    'algolia-ingestion codec --port 8081 --origin https://temporal.example.com',
  ]);
}

async function serve(options: Parameters<typeof startCodecServer>[0]): Promise<void> {
  const server = await startCodecServer(options).catch((error: unknown) => {
    throw new CliError(
      `Can't listen on ${options.host}:${options.port}: ${(error as Error).message}`,
      EXIT.failed,
      error,
    );
  });
  print(`Codec server ${server.url} with the keys ${options.keys.map(({ id }) => id).join(', ')}`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.stop();
}
