/** Columns of text, aligned as kubectl does: as wide as the widest cell, three spaces apart. */
export class TextTable {
  readonly #header: readonly string[];
  #widths: number[];
  #isHeaderDue: boolean;

  constructor(header: readonly string[], options: { headers: boolean } = { headers: true }) {
    this.#header = header;
    this.#isHeaderDue = options.headers;
    this.#widths = header.map((cell) => cell.length);
  }

  /** The lines of `rows`, under the header the first time. Columns only grow: rows of a watch stay under their heads. */
  format(rows: readonly (readonly string[])[]): string {
    const lines = this.#isHeaderDue ? [this.#header, ...rows] : rows;
    this.#isHeaderDue = false;
    for (const line of lines) {
      line.forEach((cell, i) => {
        this.#widths[i] = Math.max(this.#widths[i] ?? 0, cell.length);
      });
    }
    return lines.map((line) => `${this.#formatLine(line)}\n`).join('');
  }

  #formatLine(line: readonly string[]): string {
    return line
      .map((cell, i) => (i === line.length - 1 ? cell : cell.padEnd((this.#widths[i] ?? 0) + 3)))
      .join('')
      .trimEnd();
  }
}
