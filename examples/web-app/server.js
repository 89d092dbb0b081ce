// A small web application to break: it tells its name, and can be made to crash, hang, leak and be slow.
// Plain Node 18 or later, no dependencies. HOST and PORT say where it listens.

import http from 'node:http';
import os from 'node:os';

const host = process.env.HOST || '0.0.0.0';
const port = Number(process.env.PORT || 8080);
// A Pod's hostname is its name; POD_NAME is for runtimes without a hostname of the Pod's own.
const name = process.env.POD_NAME || os.hostname();
const LEAK_STEP_BYTES = 8 * 1024 * 1024;
const SLOW_MS_MAX = 60_000;

let isReady = true;
let isHanging = false;
let isStopping = false;
const leaked = [];

/** `METHOD /path` → what to do. */
const routes = {
  'GET /': (_url, response) => answer(response, 200, `${name}\n`),
  'GET /health': (_url, response) => answer(response, 200, 'ok\n'),
  'GET /ready': (_url, response) =>
    isReady ? answer(response, 200, 'ready\n') : answer(response, 503, 'not ready\n'),
  'POST /ready/disable': (_url, response) => {
    isReady = false;
    answer(response, 200, `${name} is not ready any more\n`);
  },
  'POST /ready/enable': (_url, response) => {
    isReady = true;
    answer(response, 200, `${name} is ready\n`);
  },
  'POST /crash': () => {
    console.log('asked to crash');
    process.exit(1);
  },
  'POST /hang': (_url, response) => {
    console.log('asked to hang');
    answer(response, 200, `${name} answers nothing from now on\n`);
    isHanging = true;
  },
  'POST /leak': (_url, response) => {
    answer(response, 200, `${name} leaks until its memory limit kills it\n`);
    leak();
  },
  'GET /slow': (url, response) => {
    const ms = Number(url.searchParams.get('ms') || 1000);
    if (!(ms >= 0 && ms <= SLOW_MS_MAX)) return answer(response, 400, `ms must be 0 to ${SLOW_MS_MAX}\n`);
    setTimeout(() => answer(response, 200, `${name} took ${ms} ms\n`), ms);
  },
};

function answer(response, status, text) {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    // While stopping, a client must not send its next request on this connection.
    ...(isStopping ? { connection: 'close' } : {}),
  });
  response.end(text);
}

/** Fills the pages: memory that is only reserved counts against no limit. */
function leak() {
  leaked.push(Buffer.alloc(LEAK_STEP_BYTES, leaked.length + 1));
  setTimeout(leak, 20);
}

const server = http.createServer((request, response) => {
  if (isHanging) return;
  request.resume();
  const url = new URL(request.url || '/', 'http://pod');
  const route = routes[`${request.method} ${url.pathname}`];
  if (route) route(url, response);
  else answer(response, 404, `${request.method} ${url.pathname}: no such thing here\n`);
});

server.listen(port, host, () => {
  console.log(`${name} listens on ${host}:${server.address().port}`);
});
server.on('error', (error) => {
  console.error(`cannot listen on ${host}:${port}: ${error.message}`);
  process.exit(1);
});

// Graceful stop: accept nothing new, finish what is in flight, then go. A hung program does not hear this either.
process.on('SIGTERM', () => {
  if (isHanging || isStopping) return;
  isStopping = true;
  console.log('asked to stop; finishing what is in flight');
  server.close(() => process.exit(0));
  server.closeIdleConnections?.();
});
