// A program to probe: HTTP on 8080, gRPC health on 9090. `POST /fail?what=http|grpc` and `/mend` change what it answers;
// every request to /hook is printed.
const http = require('node:http');
const http2 = require('node:http2');

const host = process.env.HOST;
const failing = new Set();

http
  .createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x');
    if (pathname === '/fail') failing.add(searchParams.get('what'));
    if (pathname === '/mend') failing.delete(searchParams.get('what'));
    if (pathname === '/hook')
      console.log(`hook ${searchParams.get('name')} ${request.headers['x-who'] ?? ''}`);
    response.statusCode = pathname === '/health' && failing.has('http') ? 500 : 200;
    response.end(pathname === '/health' ? `answered by ${process.env.POD_IP}` : 'ok');
  })
  .listen(8080, host);

const grpc = http2.createServer();
grpc.on('stream', (stream) => {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('end', () => {
    // Field 1 of HealthCheckResponse: 1 is SERVING, 2 is NOT_SERVING.
    const message = Buffer.from([0x08, failing.has('grpc') ? 2 : 1]);
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(frame);
  });
});
grpc.listen(9090, host);

process.on('SIGTERM', () => {
  console.log('told to stop');
  process.exit(0);
});
