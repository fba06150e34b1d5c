import test from 'ava';
import { isAllowedHost, isPrivate, isSameHost } from '../../src/reading/hosts.js';
import { limitsOf } from '../../src/reading/limits.js';

const url = (host: string) => new URL(`http://${host}/x`);

test('addresses of this machine and of private networks, in every writing', async (t) => {
  const hosts =
    'localhost a.localhost printer router.lan db.internal 127.0.0.1 127.1 2130706433 0x7f.1 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 198.18.0.1 224.0.0.1 [::1] [::] [fc00::1] [fdff::1] [fe80::1] [ff02::1] [::ffff:10.0.0.1] [::ffff:7f00:1] [64:ff9b::a00:1]';
  for (const host of hosts.split(' ')) t.true(await isPrivate(url(host)), host);
  const open =
    '8.8.8.8 172.15.0.1 172.32.0.1 192.169.0.1 100.63.0.1 100.128.0.1 [2606:4700::1111] [::ffff:8.8.8.8] [64:ff9b::808:808]';
  for (const host of open.split(' ')) t.false(await isPrivate(url(host)), host);
});

test('allowed hosts: with port, without, and all below one', (t) => {
  t.true(isAllowedHost(url('a.org:81'), ['A.org:81']));
  t.true(isAllowedHost(url('a.org:81'), ['a.org']));
  t.false(isAllowedHost(url('a.org:82'), ['a.org:81']));
  t.true(isAllowedHost(url('x.a.org'), ['*.a.org']));
  t.false(isAllowedHost(url('xa.org'), ['*.a.org', 'b.org']));
  t.true(isSameHost(url('a.org'), new URL('https://a.org/y')));
  t.false(isSameHost(url('a.org:81'), url('a.org:82')));
});

test('limits that limit nothing are refused', (t) => {
  for (const wrong of [
    { maxBytes: NaN },
    { maxBytes: 0 },
    { timeout: -1 },
    { timeout: '1' },
    { schemes: ['ftp'] },
    { allowHosts: 'a.org' },
  ]) {
    t.throws(() => limitsOf('loadImage', wrong as object), { code: 'INVALID_OPTION' });
  }
  t.like(limitsOf('x', {}), { maxBytes: 2 ** 28, timeout: 15_000, allowHosts: [] });
});
