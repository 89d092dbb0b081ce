/** What leads to a simulated extension API server that serves `x.io/v1`: its APIService, its Service and where that is. Holds no tests. */

export const NAME = 'v1.x.io';
export const ADDRESS = '10.192.0.5:8443';
export const API_SERVICE = {
  metadata: { name: NAME },
  spec: {
    group: 'x.io',
    version: 'v1',
    groupPriorityMinimum: 2000,
    versionPriority: 15,
    service: { namespace: 'default', name: 'api' },
  },
};
export const SERVICE = { metadata: { name: 'api' }, spec: { ports: [{ name: 'https', port: 443 }] } };
export const SLICE = {
  metadata: { name: 'api-1', labels: { 'kubernetes.io/service-name': 'api' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.192.0.5'], conditions: { ready: true } }],
  ports: [{ name: 'https', port: 8443, protocol: 'TCP' }],
};
