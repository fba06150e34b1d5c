/** Which hosts may be asked, and which are in a private network. */

/** True if `allowed` names the host of the address. */
export function isAllowedHost(address: URL, allowed: readonly string[]): boolean {
  return allowed.some((entry) => {
    const name = entry.toLowerCase();
    if (name.startsWith('*.')) return address.hostname.endsWith(name.slice(1));
    return name === '*' || name === address.host || name === address.hostname;
  });
}

/** True for addresses of one server: the same host, also if `http` becomes `https`. */
export function isSameHost(a: URL, b: URL): boolean {
  return a.host === b.host || (a.hostname === b.hostname && a.port === '' && b.port === '');
}

/** True if the address leads to this machine or into a private network, directly or by its name. */
export async function isPrivate(address: URL): Promise<boolean> {
  const host = address.hostname.replace(/[.]$/, '').toLowerCase();
  if (isPrivateName(host)) return true;
  // outside Node it is not known what a name stands for
  const dns = typeof process === 'object' ? process.getBuiltinModule?.('node:dns') : undefined;
  if (dns === undefined || isAddress(host)) return false;
  try {
    const found = await dns.promises.lookup(host, { all: true });
    return found.some((entry) => isPrivateName(entry.address));
  } catch {
    // a name without an address cannot be asked: fetching it will say so
    return false;
  }
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || /^[\d.]+$/.test(host);
}

function isPrivateName(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '');
  if (plain.includes(':')) return isPrivateSix(plain);
  if (/^\d+[.]\d+[.]\d+[.]\d+$/.test(plain)) return isPrivateFour(plain.split('.').map(Number));
  return !plain.includes('.') || /[.](localhost|local|internal|home[.]arpa|lan)$/.test(plain);
}

function isPrivateFour([a, b]: readonly number[]): boolean {
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && (b === 168 || b === 0)) ||
    (a === 198 && (b === 18 || b === 19))
  );
}

function isPrivateSix(text: string): boolean {
  const groups = groupsOf(text.replace(/%.*$/, ''));
  const [first] = groups;
  // IPv4 in other forms: ::a.b.c.d, ::ffff:a.b.c.d, 64:ff9b::a.b.c.d
  const inner = groups.slice(6).flatMap((group) => [group >> 8, group & 255]);
  const isMapped = groups.slice(0, 5).every((group) => group === 0);
  if (isMapped || (first === 0x64 && groups[1] === 0xff9b)) return isPrivateFour(inner);
  return (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80 || first >= 0xff00;
}

/** The eight numbers of an IPv6 address. */
function groupsOf(text: string): number[] {
  const dotted = /^(.*:)(\d+)[.](\d+)[.](\d+)[.](\d+)$/.exec(text);
  const hex = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16);
  const plain =
    dotted === null
      ? text
      : `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`;
  const [head, tail] = plain.split('::');
  const numbers = (part: string | undefined) =>
    part === undefined || part === '' ? [] : part.split(':').map((group) => parseInt(group, 16));
  const [before, after] = [numbers(head), numbers(tail)];
  if (tail === undefined) return before;
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}
