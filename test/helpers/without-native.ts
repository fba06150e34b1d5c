/** Loaded with `--import`: a Node in which the native backend is not installed. */
import { register } from 'node:module';

const HOOK = `export async function resolve(specifier, context, next) {
  if (specifier === '@tensorflow/tfjs-node') {
    const error = new Error("Cannot find package '@tensorflow/tfjs-node'");
    throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
  }
  return next(specifier, context);
}`;

register(`data:text/javascript,${encodeURIComponent(HOOK)}`);
