/** Columns for people: as wide as their widest cell, two spaces apart. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value ?? null, null, 2));
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What is no result: progress and remarks. Standard output stays clean for the next program. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}
