import { runServer } from './server.ts';

const dataDir = process.argv[2]!;
const stop = new AbortController();
process.on('SIGINT', () => stop.abort(new Error('SIGINT')));
process.on('SIGTERM', () => stop.abort(new Error('SIGTERM')));
await runServer({ dataDir, bindAddress: '127.0.0.1', apiPort: 0, nodes: ['node-1'] }, stop.signal);
