import { lookup as resolve, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Public by its range, but a cloud's metadata service. */
const METADATA = new Set(['168.63.129.16']);

/** Where a connection may go: anywhere public, or this machine where the host says so by its name. */
export type Reach = 'public' | 'loopback';

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** Throws {@link AddressRefused} for an address that is private, link-local, reserved or otherwise not within reach. */
export function assertWithin(reach: Reach, address: string): void {
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  const within = reach === 'loopback' ? range === 'loopback' : range === 'unicast' && !METADATA.has(parsed.toString());
  if (!within) throw new AddressRefused(`the address ${address} (${range}) is not a ${reach} one`);
}

/** A `lookup` for sockets: they connect to the very addresses that are checked here, so no second answer of a DNS server counts. */
export function lookupWithin(reach: Reach): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '', 0);
      try {
        for (const { address } of addresses) assertWithin(reach, address);
      } catch (refusal) {
        return callback(refusal as Error, '', 0);
      }
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      return callback(first ? null : new Error(`${hostname} has no address`), first?.address ?? '', first?.family ?? 0);
    });
  };
}
