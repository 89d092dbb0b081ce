/**
 * What webhooks and policies have said of writes. Only where there are such is anything counted.
 *
 * @see k8s.io/apiserver/pkg/admission/metrics/metrics.go, plugin/policy/validating/metrics/metrics.go
 */
import { Histogram } from './histogram.ts';
import { histogramText, type LabelText, labelText, metricText } from './text-format.ts';

export interface WebhookCall {
  /** The webhook's, as in its configuration. */
  name: string;
  type: 'admit' | 'validating';
  operation: string;
}

export interface WebhookOutcome {
  rejected: boolean;
  /** By HTTP: 200 for an allowed request, else that of the refusal or of the failure. */
  code: number;
  /** Why it was rejected. */
  errorType: 'no_error' | 'calling_webhook_error' | 'apiserver_internal_error';
}

export interface PolicyVerdict {
  policy: string;
  binding: string;
  error: 'compile_error' | 'invalid_error' | 'no_error' | 'out_of_budget';
  action: 'allow' | 'audit' | 'deny' | 'warn';
}

const DURATION_BOUNDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];
const CODE_MAX = 600;
/** Names are given by whoever may write configurations: with so many of one metric no further ones are counted. */
const LABELS_MAX = 5000;

export class AdmissionMetrics {
  readonly #durations = new Map<LabelText, Histogram>();
  readonly #calls = new Map<LabelText, number>();
  readonly #rejections = new Map<LabelText, number>();
  readonly #failedOpen = new Map<LabelText, number>();
  readonly #checks = new Map<LabelText, number>();

  called(
    { name, type, operation }: WebhookCall,
    { rejected, code, errorType }: WebhookOutcome,
    tookMs: number,
  ): void {
    const shown = String(Math.min(code, CODE_MAX));
    const verdict = { rejected: String(rejected) };
    add(this.#calls, { name, type, operation, code: shown, ...verdict });
    observe(this.#durations, { name, type, operation, ...verdict }, tookMs / 1000);
    if (rejected)
      add(this.#rejections, { name, type, operation, error_type: errorType, rejection_code: shown });
  }

  failedOpen({ name, type }: Pick<WebhookCall, 'name' | 'type'>): void {
    add(this.#failedOpen, { name, type });
  }

  checked({ policy, binding, error, action }: PolicyVerdict): void {
    add(this.#checks, { policy, policy_binding: binding, error_type: error, enforcement_action: action });
  }

  text(): string {
    const prefix = 'apiserver_admission_webhook_';
    return [
      histogramText(
        {
          name: `${prefix}admission_duration_seconds`,
          help: 'Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
        },
        this.#durations,
      ),
      metricText(
        {
          name: `${prefix}request_total`,
          type: 'counter',
          help: 'Admission webhook request total, identified by name and broken out for each admission type (validating or mutating) and operation.',
        },
        this.#calls,
      ),
      metricText(
        {
          name: `${prefix}rejection_count`,
          type: 'counter',
          help: 'Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation.',
        },
        this.#rejections,
      ),
      metricText(
        {
          name: `${prefix}fail_open_count`,
          type: 'counter',
          help: 'Admission webhook fail open count, identified by name and broken out for each admission type (validating or mutating).',
        },
        this.#failedOpen,
      ),
      metricText(
        {
          name: 'apiserver_validating_admission_policy_check_total',
          type: 'counter',
          help: 'Validation admission policy check total, labeled by policy and further identified by binding and enforcement action taken.',
        },
        this.#checks,
      ),
    ].join('');
  }
}

function add(counts: Map<LabelText, number>, labels: Readonly<Record<string, string>>): void {
  const text = labelText(labels);
  const before = counts.get(text);
  if (before === undefined && counts.size >= LABELS_MAX) return;
  counts.set(text, (before ?? 0) + 1);
}

function observe(
  histograms: Map<LabelText, Histogram>,
  labels: Readonly<Record<string, string>>,
  value: number,
): void {
  const text = labelText(labels);
  const known = histograms.get(text);
  if (known === undefined && histograms.size >= LABELS_MAX) return;
  const histogram = known ?? new Histogram(DURATION_BOUNDS);
  histograms.set(text, histogram);
  histogram.observe(value);
}
