/** What an answer over HTTP says: a JSON value, or in the words of Go's clients why it is none. */
import { isJsonObject, type JsonValue } from '../../api/json.ts';
import { isNestedWithin, NESTING_MAX } from '../../api/nesting.ts';

/** By status code. @see k8s.io/apimachinery/pkg/api/errors/errors.go NewGenericServerResponse */
const MEANINGS: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  406: 'the server was unable to respond with a content type that the client supports',
  409: 'the server reported a conflict',
  415: 'the body of the request was in an unknown format - accepted media types include: ',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

/** What of a body without meaning is repeated. */
const SHOWN_MAX = 2048;

export type ReadAnswer = { value: JsonValue } | { problem: string };

/** The value of a body in JSON with a status of 2xx. */
export function readAnswer(status: number, text: string): ReadAnswer {
  const parsed = parse(text);
  if (status >= 200 && status < 300) {
    if ('value' in parsed) return parsed;
    return { problem: `couldn't get version/kind; json parse error: ${parsed.problem}` };
  }
  const problem = 'value' in parsed ? statusMessage(parsed.value) : undefined;
  return { problem: problem ?? meaningOf(status, text.trim().slice(0, SHOWN_MAX)) };
}

function meaningOf(status: number, text: string): string {
  const known = MEANINGS[status];
  if (known !== undefined) return known;
  if (status === 403) return text === '' ? 'unknown' : text;
  if (status < 500) {
    return `the server responded with the status code ${status} but did not return more information`;
  }
  return `an error on the server (${JSON.stringify(text === '' ? 'unknown' : text)}) has prevented the request from succeeding`;
}

/** Of a body that is a Status. */
function statusMessage(value: JsonValue): string | undefined {
  if (!isJsonObject(value) || value['kind'] !== 'Status') return undefined;
  const { message } = value;
  return typeof message === 'string' && message !== '' ? message.slice(0, SHOWN_MAX) : undefined;
}

function parse(text: string): ReadAnswer {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isNestedWithin(value, NESTING_MAX) ? { value } : { problem: 'exceeded max depth' };
  } catch (error) {
    const start = text.trimStart();
    if (start === '') return { problem: 'unexpected end of JSON input' };
    if (/^[^[{"\-0-9tfn]/u.test(start)) {
      const [first] = start;
      return { problem: `invalid character '${first}' looking for beginning of value` };
    }
    // Nesting past what the parser can stack is a RangeError.
    return { problem: (error as Error).message };
  }
}
