/** `npm run test:package`: installs the packed package into an empty folder; too slow for every run. */
export default {
  files: ['build/test/package/**/*.test.js'],
  workerThreads: false,
  timeout: '10m',
};
