/**
 * `/livez`, `/readyz`, `/healthz`: whether the server lives, and whether it should be sent requests, as a list of named
 * checks that can be asked for one by one (`/readyz/NAME`), in full (`?verbose`), or without some (`?exclude=NAME`).
 *
 * @see k8s.io/apiserver/pkg/server/healthz/healthz.go
 */
import type { ApiRequest, ApiResponse } from '../../api/message.ts';

export interface HealthCheck {
  name: string;
  /** What is wrong; undefined while nothing is. Cheap: probes come every second. */
  problem: () => string | undefined;
}

export interface HealthChecks {
  livez: readonly HealthCheck[];
  readyz: readonly HealthCheck[];
}

const PING: HealthCheck = { name: 'ping', problem: () => undefined };

/** Answers the three paths and what is below them; undefined for every other path. */
export function healthResponse(checks: HealthChecks, request: ApiRequest): ApiResponse | undefined {
  const [, endpoint = '', name, ...rest] = request.path.split('/');
  const table: Readonly<Record<string, readonly HealthCheck[]>> = { ...checks, healthz: checks.livez };
  const own = Object.hasOwn(table, endpoint) ? table[endpoint] : undefined;
  if (!own || rest.length > 0) return undefined;
  const all = [PING, ...own];
  if (!name) return reportAll(endpoint, all, request.query);
  const one = all.find((check) => check.name === name);
  return one && reportOne(one);
}

function reportOne(check: HealthCheck): ApiResponse {
  const problem = check.problem();
  if (problem === undefined) return text(200, 'ok');
  return text(500, `internal server error: ${problem}\n`);
}

function reportAll(endpoint: string, checks: readonly HealthCheck[], query: URLSearchParams): ApiResponse {
  const excluded = new Set(query.getAll('exclude'));
  let report = '';
  let hasFailed = false;
  for (const { name, problem } of checks) {
    if (excluded.delete(name)) {
      report += `[+]${name} excluded: ok\n`;
      continue;
    }
    const isWell = problem() === undefined;
    hasFailed ||= !isWell;
    // Anybody may ask; why something failed is in the log.
    report += isWell ? `[+]${name} ok\n` : `[-]${name} failed: reason withheld\n`;
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((name) => JSON.stringify(name)).join(',');
    report += `warn: some health checks cannot be excluded: no matches for ${names}\n`;
  }
  if (hasFailed) return text(500, `${report}${endpoint} check failed\n`);
  return text(200, query.has('verbose') ? `${report}${endpoint} check passed\n` : 'ok');
}

const encoder = new TextEncoder();

/** Plain text that nobody caches and no browser takes for anything else. */
export function text(status: number, body: string, contentType = 'text/plain; charset=utf-8'): ApiResponse {
  const headers = {
    'content-type': contentType,
    'cache-control': 'no-cache, private',
    'x-content-type-options': 'nosniff',
  };
  return { status, headers, body: { kind: 'bytes', bytes: encoder.encode(body) } };
}
