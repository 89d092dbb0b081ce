/** Approves what nodes ask for themselves, signs what was approved, and clears away what is over. */
import {
  type CertificateRequest,
  parseCertificateRequest,
} from '../../api/certificates/certificate-request.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../api/generated/certificates-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { CERTIFICATE_SIGNING_REQUESTS, SUBJECT_ACCESS_REVIEWS } from '../../api/resources.ts';
import { requestText } from '../../api/validation/certificate-signing-request.ts';
import { fromBase64, toBase64 } from '../../base/base64.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { DEFAULT_RESYNC_MS, newWorkerLoop, type SyncResult } from '../framework/worker-loop.ts';
import type { CertificateSigner } from './certificate-signer.ts';
import { type CertificatePlan, planCertificate } from './reconcile.ts';

const WORKERS = 5;
/** Whoever is not approved now may be given the permission: the safety net looks again. */
const CONSIDER_AGAIN_MS = 60_000;
/** A timer for a time that never comes is none. */
const WAIT_MAX_MS = 24 * 3_600_000;

/** @see kubernetes/kubernetes pkg/controller/certificates: csrapproving, csrsigning, csrcleaner */
export function newCertificateController(context: ControllerContext, signer: CertificateSigner): Controller {
  const requests = context.informers.informer<CertificateSigningRequest>(CERTIFICATE_SIGNING_REQUESTS);
  const work = new CertificateWork(context, signer);
  const loop = newWorkerLoop(context, {
    name: 'certificate-controller',
    workers: WORKERS,
    sync: async (key, signal) => {
      const csr = requests.get(key);
      return csr === undefined ? {} : work.sync(csr, signal);
    },
    informers: [requests],
    resync: { lister: requests, intervalMs: DEFAULT_RESYNC_MS },
  });
  requests.addListener({
    onAdd: (csr) => loop.enqueue(keyOf(csr)),
    onUpdate: (csr) => loop.enqueue(keyOf(csr)),
    onDelete() {},
  });
  return loop;
}

class CertificateWork {
  readonly #context: ControllerContext;
  readonly #signer: CertificateSigner;

  constructor(context: ControllerContext, signer: CertificateSigner) {
    this.#context = context;
    this.#signer = signer;
  }

  async sync(csr: CertificateSigningRequest, signal: AbortSignal): Promise<SyncResult> {
    const { client, clock } = this.#context;
    const nowMs = clock.now();
    const request = readRequest(csr);
    const plan = planCertificate(csr, { request, expiryMs: this.#expiryMs(csr) }, nowMs);
    switch (plan.kind) {
      case 'delete': {
        const { name, uid } = csr.metadata;
        await client.delete(CERTIFICATE_SIGNING_REQUESTS, { name }, { preconditions: { uid } }, signal);
        return {};
      }
      case 'wait':
        return { requeueAfterMs: Math.min(plan.untilMs - nowMs, WAIT_MAX_MS) };
      case 'consider':
        return this.#consider(csr, plan, signal);
      case 'sign':
        return this.#sign(csr, request!, signal);
      case 'fail':
        return this.#fail(csr, plan.message, signal);
    }
  }

  async #consider(
    csr: CertificateSigningRequest,
    { permissions }: Extract<CertificatePlan, { kind: 'consider' }>,
    signal: AbortSignal,
  ): Promise<SyncResult> {
    for (const { subresource, message } of permissions) {
      if (!(await this.#mayCreate(csr, subresource, signal))) continue;
      const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message };
      await this.#context.client.updateSubresource(
        CERTIFICATE_SIGNING_REQUESTS,
        withCondition(csr, condition),
        'approval',
        signal,
      );
      return {};
    }
    return { requeueAfterMs: CONSIDER_AGAIN_MS };
  }

  /** Asked as whom the request is from. */
  async #mayCreate(
    { spec }: CertificateSigningRequest,
    subresource: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { username = '', uid, groups, extra } = spec;
    const resourceAttributes = {
      group: 'certificates.k8s.io',
      resource: 'certificatesigningrequests',
      verb: 'create',
      subresource,
    };
    const review = await this.#context.client.create(
      SUBJECT_ACCESS_REVIEWS,
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        metadata: {},
        spec: {
          user: username,
          ...(uid === undefined ? {} : { uid }),
          ...(groups === undefined ? {} : { groups }),
          ...(extra === undefined ? {} : { extra }),
          resourceAttributes,
        },
      } as never,
      signal,
    );
    return (review as { status?: { allowed?: boolean } }).status?.allowed === true;
  }

  async #sign(
    csr: CertificateSigningRequest,
    request: CertificateRequest,
    signal: AbortSignal,
  ): Promise<SyncResult> {
    const { signerName, usages = [], expirationSeconds } = csr.spec;
    const signed = this.#signer.sign({ signerName, request, usages, expirationSeconds });
    if ('problem' in signed) return this.#fail(csr, signed.problem, signal);
    const certificate = toBase64(new TextEncoder().encode(signed.pem));
    await this.#writeStatus({ ...csr, status: { ...csr.status, certificate } }, signal);
    return {};
  }

  async #fail(csr: CertificateSigningRequest, message: string, signal: AbortSignal): Promise<SyncResult> {
    const lastUpdateTime = toTimestamp(this.#context.clock.now());
    const reason = 'SignerValidationFailure';
    await this.#writeStatus(
      withCondition(csr, { type: 'Failed', status: 'True', reason, message, lastUpdateTime }),
      signal,
    );
    return {};
  }

  async #writeStatus(csr: CertificateSigningRequest, signal: AbortSignal): Promise<void> {
    await this.#context.client.updateStatus(CERTIFICATE_SIGNING_REQUESTS, csr, signal);
  }

  #expiryMs({ status }: CertificateSigningRequest): number | undefined {
    const text = status?.certificate === undefined ? undefined : decode(status.certificate);
    return text === undefined ? undefined : this.#signer.expiryMs(text);
  }
}

function withCondition(
  csr: CertificateSigningRequest,
  condition: CertificateSigningRequestCondition,
): CertificateSigningRequest {
  return { ...csr, status: { ...csr.status, conditions: [...(csr.status?.conditions ?? []), condition] } };
}

/** `undefined` for what this server would not have taken. */
function readRequest(csr: CertificateSigningRequest): CertificateRequest | undefined {
  try {
    return parseCertificateRequest(requestText(csr));
  } catch {
    return undefined;
  }
}

function decode(base64: string): string | undefined {
  try {
    return new TextDecoder().decode(fromBase64(base64));
  } catch {
    return undefined;
  }
}
