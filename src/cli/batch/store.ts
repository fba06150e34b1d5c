/** Where outputs go: the folder of the batch, or an S3-compatible store that several machines see. */
import { WhylensError } from '../../errors.js';
import { folderStore, type OutputStore } from './explaining.js';

/** `store` is `s3://bucket/prefix`; left out, outputs go to `folder`. */
export async function openStore(folder: string, store: string | undefined): Promise<OutputStore> {
  return store === undefined ? folderStore(folder) : openS3(store);
}

/** Throws `USAGE` if it names no bucket. */
export function parseStore(store: string): { bucket: string; prefix: string } {
  const match = /^s3:[/][/]([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:[/](.*))?$/.exec(store);
  if (match === null) {
    throw new WhylensError('USAGE', `--store must be s3://bucket/prefix, got '${store}'`);
  }
  const prefix = (match[2] ?? '').replace(/[/]+$/, '');
  return { bucket: match[1], prefix: prefix === '' ? '' : `${prefix}/` };
}

/**
 * Credentials, region and the address of a server that is not Amazon's come
 * from the environment, as that client reads it (`AWS_ENDPOINT_URL`). An object
 * appears whole or not at all.
 */
async function openS3(store: string): Promise<OutputStore> {
  const { bucket, prefix } = parseStore(store);
  const library = await import('@aws-sdk/client-s3').catch((cause: unknown) => {
    throw new WhylensError(
      'BACKEND',
      `--store s3://… needs a package that is not installed; run: npm install @aws-sdk/client-s3`,
      { cause },
    );
  });
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  const elsewhere = (AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined;
  const client = new library.S3Client({
    ...(process.env.AWS_REGION === undefined && { region: 'us-east-1' }),
    // servers at an address of their own know buckets by path
    forcePathStyle: elsewhere,
  });
  return {
    async put(name, bytes) {
      try {
        const Key = `${prefix}${name}`;
        await client.send(
          new library.PutObjectCommand({
            Bucket: bucket,
            Key,
            Body: bytes,
            ContentType: typeOf(name),
          }),
          // the client itself waits without end, for an answer and for the end of one
          {
            abortSignal: AbortSignal.timeout(
              Math.ceil(PATIENCE + bytes.length / BYTES_A_MILLISECOND),
            ),
          },
        );
      } catch (cause) {
        throw new WhylensError(
          'FILE',
          `cannot write '${name}' to ${store}: ${reasonOf(cause as Error)}`,
          { cause },
        );
      }
    },
  };
}

/** Milliseconds for one object, beside those that a slow line needs. */
const PATIENCE = 30_000;
const BYTES_A_MILLISECOND = 50;

function reasonOf({ name, message }: Error): string {
  if (/abort|timeout/i.test(`${name} ${message}`))
    return 'the store does not come to an end with its answer';
  return message.split('\n')[0];
}

const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  svg: 'image/svg+xml',
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
};

function typeOf(name: string): string {
  return TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
}
