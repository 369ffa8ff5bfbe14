import { freePort } from '../../scripts/free-port.ts';

/** `host:port` on loopback where nothing listens. */
export const freeAddress = async (): Promise<string> => `127.0.0.1:${await freePort()}`;
