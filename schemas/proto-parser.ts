/** Reads a `generated.proto`: messages, field numbers, types, and the `+marker` lines of the comments. Nothing else is kept. */
export interface ProtoField {
  name: string;
  number: number;
  /** `string`, `int32`, … or a message: a bare name of this file or `.k8s.io.api.core.v1.Name`. */
  type: string;
  shape: 'one' | 'list' | 'map';
  markers: Markers;
}

export interface ProtoMessage {
  name: string;
  markers: Markers;
  fields: ProtoField[];
}

export type Markers = Map<string, string[]>;

export interface ProtoFile {
  package: string;
  messages: Map<string, ProtoMessage>;
}

const MARKER = /^\s*\/\/\s*\+([\w:]+)(?:=(.*))?$/;
const MESSAGE = /^message (\w+) \{/;
const FIELD = /^\s+(optional|repeated|required) (\S+) (\S+) = (\d+);/;
const MAP_FIELD = /^\s+map<string, (\S+)> (\S+) = (\d+);/;

export function parseProto(text: string): ProtoFile {
  const file: ProtoFile = { package: /^package (\S+);/m.exec(text)?.[1] ?? '', messages: new Map() };
  let current: ProtoMessage | undefined;
  let markers: Markers = new Map();
  for (const line of text.split('\n')) {
    const marker = MARKER.exec(line);
    if (marker) {
      const key = marker[1] ?? '';
      markers.set(key, [...(markers.get(key) ?? []), (marker[2] ?? '').trim()]);
      continue;
    }
    if (/^\s*\/\//.test(line)) continue;
    const message = MESSAGE.exec(line);
    if (message) {
      current = { name: message[1] ?? '', markers, fields: [] };
      file.messages.set(current.name, current);
    } else {
      const field = parseField(line, markers);
      if (field) current?.fields.push(field);
      else if (line.trim() === '') continue;
    }
    markers = new Map();
  }
  return file;
}

function parseField(line: string, markers: Markers): ProtoField | undefined {
  const map = MAP_FIELD.exec(line);
  if (map) return { type: map[1] ?? '', name: map[2] ?? '', number: Number(map[3]), shape: 'map', markers };
  const field = FIELD.exec(line);
  if (!field) return undefined;
  const shape = field[1] === 'repeated' ? 'list' : 'one';
  return { type: field[2] ?? '', name: field[3] ?? '', number: Number(field[4]), shape, markers };
}
