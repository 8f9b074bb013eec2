/** A duration for a person, with about four figures: `12.3 ms`, `7.263 s`, `165.2 s`. */
export function seconds(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1_000) return `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;
  const value = ms / 1_000;
  return `${value.toFixed(decimals(value))} s`;
}

function decimals(value: number): number {
  if (value < 9.9995) return 3;
  return value < 99.995 ? 2 : 1;
}

/** A round duration without needless zeros: `60 s`, `0.5 s`. */
export function roundSeconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(3))} s`;
}

/** A percentage with one figure behind the point; below 0.1 two of them. */
export function percent(value: number): string {
  return `${value !== 0 && value < 0.1 ? value.toFixed(2) : value.toFixed(1)} %`;
}

/** A count with commas between thousands. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 run`, `2 runs`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}
