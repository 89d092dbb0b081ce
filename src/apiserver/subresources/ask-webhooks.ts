/** The say of webhooks in what is no edit of an object: what is posted to a subresource, reviews, and connections. */
import { type AdmissionRequest, admit } from '../admission/admission.ts';
import type { ApiObject } from '../api-object.ts';
import { askedBy } from '../asked-request.ts';
import { newAdmissionView } from '../registry/admission-view.ts';
import { type ResourceCall, type ServerContext, targetOf } from '../server-context.ts';

interface PostOptions {
  dryRun: boolean;
  /** What the object must be once webhooks may no longer change it. @throws StatusError */
  check?: () => void;
}

/** A Binding, an Eviction, a TokenRequest, a SubjectAccessReview. May be changed in place. @throws StatusError as a webhook refuses */
export async function askAboutPosted(
  server: ServerContext,
  call: ResourceCall,
  object: ApiObject,
  { dryRun, check }: PostOptions,
): Promise<void> {
  await askWebhooks(server, { ...requestOf(call), operation: 'CREATE', dryRun, object }, check);
}

/** @throws StatusError as an admission step or webhook refuses */
export async function admitConnection(server: ServerContext, call: ResourceCall): Promise<void> {
  const { registry } = server;
  const request: AdmissionRequest = { ...requestOf(call), operation: 'CONNECT', dryRun: false };
  const view = newAdmissionView(registry);
  admit(registry.admission.mutating, request, view);
  admit(registry.admission.validating, request, view);
  await askWebhooks(server, request);
}

function requestOf(call: ResourceCall): Omit<AdmissionRequest, 'operation' | 'dryRun'> {
  const { row, namespace, name } = targetOf(call);
  const { user, notes, info } = call;
  return { row, namespace, name, subresource: info.subresource, user, notes, asked: askedBy(call) };
}

async function askWebhooks(
  { registry }: ServerContext,
  request: AdmissionRequest,
  check: () => void = () => undefined,
): Promise<void> {
  const { webhooks } = registry.admission;
  const view = newAdmissionView(registry);
  if (!webhooks.concern(request, view)) return check();
  await webhooks.mutate(request, view, () => undefined);
  check();
  await webhooks.validate(request, view);
}
