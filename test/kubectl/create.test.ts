/** `kubectl create` and its generators, `run`, `expose` and `autoscale`: what each makes, and what comes back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubectlOnServer } from './server-only.ts';

const { skip, k, refused, write } = await kubectlOnServer();

/** A generator with its arguments; what is made; a path into it with what is there. */
type Generator = readonly [args: string, made: string, jsonpath: string, there: string];

const GENERATORS: readonly Generator[] = [
  [
    'clusterrole reader --verb=get,list --resource=pods,deployments.apps',
    'clusterrole.rbac.authorization.k8s.io/reader',
    '{.rules[1].apiGroups}{.rules[1].resources}{.rules[1].verbs}',
    '["apps"]["deployments"]["get","list"]',
  ],
  [
    'clusterrole logs --verb=get --non-resource-url=/logs/*',
    'clusterrole.rbac.authorization.k8s.io/logs',
    '{.rules[0].nonResourceURLs}',
    '["/logs/*"]',
  ],
  [
    'clusterrole sum --aggregation-rule=example.com/sum=yes',
    'clusterrole.rbac.authorization.k8s.io/sum',
    '{.aggregationRule.clusterRoleSelectors[0].matchLabels}',
    '{"example.com/sum":"yes"}',
  ],
  [
    'clusterrolebinding readers --clusterrole=reader --user=ann --group=devs --serviceaccount=default:bot',
    'clusterrolebinding.rbac.authorization.k8s.io/readers',
    '{.subjects[*].kind} {.subjects[*].name} {.subjects[*].apiGroup}',
    'User Group ServiceAccount ann devs bot rbac.authorization.k8s.io rbac.authorization.k8s.io',
  ],
  [
    'role one --verb=get --resource=pods --resource-name=a',
    'role.rbac.authorization.k8s.io/one',
    '{.rules[0].resourceNames}',
    '["a"]',
  ],
  [
    'rolebinding ones --role=one --user=ann',
    'rolebinding.rbac.authorization.k8s.io/ones',
    '{.roleRef.kind}/{.roleRef.name}',
    'Role/one',
  ],
  ['configmap words --from-literal=a=b', 'configmap/words', '{.data}', '{"a":"b"}'],
  [
    'secret generic words --from-literal=p=q --type=example.com/x',
    'secret/words',
    '{.type} {.data.p}',
    'example.com/x cQ==',
  ],
  [
    'secret docker-registry pull --docker-server=r.example --docker-username=u --docker-password=p',
    'secret/pull',
    '{.type}',
    'kubernetes.io/dockerconfigjson',
  ],
  [
    'deployment web --image=a --image=b --replicas=2 --port=80',
    'deployment.apps/web',
    '{.spec.replicas} {.spec.template.spec.containers[*].name} {.spec.strategy.rollingUpdate.maxSurge}',
    '2 a b 25%',
  ],
  [
    'cronjob tick --image=busybox --schedule=@hourly',
    'cronjob.batch/tick',
    '{.spec.schedule} {.spec.concurrencyPolicy} {.spec.failedJobsHistoryLimit}',
    '@hourly Allow 1',
  ],
  [
    'job once --image=busybox -- echo hi',
    'job.batch/once',
    '{.spec.template.spec.containers[0].command} {.spec.backoffLimit} {.spec.completionMode}',
    '["echo","hi"] 6 NonIndexed',
  ],
  ['job tock --from=cronjob/tick', 'job.batch/tock', '{.metadata.ownerReferences[0].name}', 'tick'],
  [
    'ingress front --rule=example.com/path*=web:8080,tls=cert --class=plain',
    'ingress.networking.k8s.io/front',
    '{.spec.ingressClassName} {.spec.tls[0].secretName} {.spec.rules[0].http.paths[0].pathType}',
    'plain cert Prefix',
  ],
  ['namespace team', 'namespace/team', '{.spec.finalizers}', '["kubernetes"]'],
  [
    'poddisruptionbudget some --selector=app=web --max-unavailable=50%',
    'poddisruptionbudget.policy/some',
    '{.spec.maxUnavailable}',
    '50%',
  ],
  [
    'priorityclass first --value=1000 --preemption-policy=Never',
    'priorityclass.scheduling.k8s.io/first',
    '{.value} {.preemptionPolicy} {.globalDefault}',
    '1000 Never ',
  ],
  [
    'quota little --hard=pods=2 --scopes=Terminating',
    'resourcequota/little',
    '{.spec.hard} {.spec.scopes}',
    '{"pods":"2"} ["Terminating"]',
  ],
  [
    'service clusterip inner --tcp=80:8080',
    'service/inner',
    '{.spec.type} {.spec.ports[0].port} {.spec.ports[0].targetPort} {.spec.sessionAffinity}',
    'ClusterIP 80 8080 None',
  ],
  ['service clusterip headless --clusterip=None', 'service/headless', '{.spec.clusterIPs}', '["None"]'],
  [
    'service nodeport outer --tcp=80 --node-port=30080',
    'service/outer',
    '{.spec.ports[0].nodePort}',
    '30080',
  ],
  [
    'service loadbalancer far --tcp=80:80',
    'service/far',
    '{.spec.allocateLoadBalancerNodePorts} {.spec.externalTrafficPolicy}',
    'true Cluster',
  ],
  [
    'service externalname alias --external-name=example.com',
    'service/alias',
    '{.spec.externalName}{.spec.clusterIP}',
    'example.com',
  ],
  ['serviceaccount bot', 'serviceaccount/bot', '{.kind}', 'ServiceAccount'],
];

test('kubectl create: each generator makes what it says, with the defaults of its kind', {
  skip,
}, async (t) => {
  for (const [line, made, jsonpath, there] of GENERATORS) {
    await t.test(line.split(' --', 1)[0]!, async () => {
      const args = line.split(' ');
      assert.equal(await k('create', '--dry-run=server', '-o', 'name', ...args), made);
      assert.equal(await k('create', ...args), `${made} created`);
      assert.equal(await k('get', made, '-o', `jsonpath=${jsonpath}`), there.trim());
      assert.match(await refused('create', ...args), /already exists$|provided port is already allocated$/);
    });
  }
});

test('kubectl create from files, with each their own form', { skip }, async () => {
  const words = await write('words.env', 'x=1\ny=two\n');
  await k('create', 'configmap', 'from-env', `--from-env-file=${words}`);
  assert.equal(await k('get', 'cm', 'from-env', '-o', 'jsonpath={.data}'), '{"x":"1","y":"two"}');
  await k('create', 'configmap', 'from-file', `--from-file=named=${words}`);
  assert.equal(await k('get', 'cm', 'from-file', '-o', 'jsonpath={.data.named}'), 'x=1\ny=two');
  const list = await write(
    'list.json',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: ['a', 'b'].map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })),
    }),
  );
  assert.equal(await k('create', '-f', list), 'configmap/a created\nconfigmap/b created');
  assert.match(
    await refused(
      'create',
      '-f',
      await write('typo.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndatta: {}\n'),
    ),
    /strict decoding error: unknown field "datta"/,
  );
});

test('kubectl run and expose', { skip }, async () => {
  await k('run', 'one', '--image=busybox', '--labels=app=one', '--env=A=b', '--port=80', '--', 'sleep', '9');
  assert.equal(
    await k('get', 'pod', 'one', '-o', 'jsonpath={.spec.containers[0].args}{.spec.containers[0].env}'),
    '["sleep","9"][{"name":"A","value":"b"}]',
  );
  assert.equal(
    await k('run', 'two', '--image=busybox', '--expose', '--port=80'),
    'service/two created\npod/two created',
  );
  assert.equal(
    await k('expose', 'pod', 'one', '--name=front', '--target-port=8080'),
    'service/front exposed',
  );
  assert.equal(
    await k('get', 'svc', 'front', '-o', 'jsonpath={.spec.selector} {.spec.ports[0].targetPort}'),
    '{"app":"one"} 8080',
  );
  await k('expose', 'service', 'front', '--name=again', '--port=81', '--type=NodePort');
  assert.match(await k('get', 'svc', 'again', '--no-headers'), / NodePort .* 81:3\d{4}\/TCP /);
});

test('kubectl autoscale', { skip }, async () => {
  await k('create', 'deployment', 'scaled', '--image=a');
  assert.equal(
    await k('autoscale', 'deployment', 'scaled', '--min=1', '--max=5', '--cpu=50%'),
    'horizontalpodautoscaler.autoscaling/scaled autoscaled',
  );
  assert.match(
    await k('get', 'hpa', 'scaled', '--no-headers'),
    /^scaled +Deployment\/scaled +cpu: .* 1 +5 +/,
  );
});

test('kubectl create token: for whom, for whom else, and how long', { skip }, async () => {
  await k('create', 'serviceaccount', 'robot');
  const token = await k('create', 'token', 'robot', '--audience=robots', '--duration=30m');
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
  assert.equal(claims.sub, 'system:serviceaccount:default:robot');
  assert.deepEqual(claims.aud, ['robots']);
  assert.equal(claims.exp - claims.iat, 1800);
  assert.match(await refused('create', 'token', 'nobody'), /serviceaccounts "nobody" not found/);
});
