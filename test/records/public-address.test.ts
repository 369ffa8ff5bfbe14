import { expect, test } from 'vitest';
import { AddressRefused, assertWithin, lookupWithin } from '../../src/records/public-address.ts';

test.each([
  '10.0.0.1',
  '172.16.3.4',
  '192.168.1.1',
  '127.0.0.1',
  '169.254.169.254',
  '168.63.129.16',
  '100.64.0.1',
  '100.100.100.200',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '192.0.2.1',
  '198.18.0.1',
  '::1',
  '::',
  'fe80::1',
  'fd00:ec2::254',
  'ff02::1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::a00:1',
  '2002:a00:1::',
  '2001:db8::1',
])('%s is not public', (address) => {
  expect(() => assertWithin('public', address)).toThrow(AddressRefused);
});

test.each(['93.184.215.14', '8.8.8.8', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', '::ffff:8.8.8.8'])(
  '%s is public',
  (address) => {
    expect(() => assertWithin('public', address)).not.toThrow();
    expect(() => assertWithin('loopback', address)).toThrow(AddressRefused);
  },
);

const resolve = (reach: 'public' | 'loopback', all: boolean) =>
  new Promise<unknown>((settle) => {
    lookupWithin(reach)('localhost', { all }, (error, address) => settle(error ?? address));
  });

test('a name that leads to a private address is refused when it is looked up for a connection', async () => {
  expect(await resolve('public', true)).toBeInstanceOf(AddressRefused);
  expect(await resolve('public', false)).toBeInstanceOf(AddressRefused);
  expect(await resolve('loopback', false)).toMatch(/^(127\.|::1)/);
});
