// Stands in for a service of a manifest: answers what its probes ask, and nothing else.
//   PORT      where it listens; on the Pod's own address where several Pods share one network (HOST)
//   PROTOCOL  http: 200 to every request · grpc: SERVING to grpc.health.v1.Health/Check · tcp: accepts
//   TARGET    http only, optional: asks this `host:port` over HTTP once a second and prints each answer's status

const { PORT, PROTOCOL, HOST, TARGET } = process.env;

// A length-prefixed grpc.health.v1.HealthCheckResponse: field 1 (status), 1 (SERVING).
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01]);

function answerHealthCheck(stream) {
  stream.on('error', () => {});
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(SERVING);
}

function newServer() {
  if (PROTOCOL === 'grpc') return require('node:http2').createServer().on('stream', answerHealthCheck);
  if (PROTOCOL === 'tcp')
    return require('node:net').createServer((socket) => socket.on('error', () => {}).end());
  return require('node:http').createServer((_, response) => response.end(`${process.env.HOSTNAME}\n`));
}

function ask() {
  require('node:http')
    .get(`http://${TARGET}/`, { agent: false }, (response) => {
      response.resume();
      console.log(response.statusCode);
    })
    .on('error', (error) => console.log(error.message));
}

if (PORT !== undefined) newServer().listen(Number(PORT), HOST);
if (TARGET !== undefined) setInterval(ask, 1000);
process.on('SIGTERM', () => process.exit(0));
