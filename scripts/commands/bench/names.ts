/** The headlines, in the order of the table: what is measured where nobody names a benchmark. */
export const HEADLINES = [
  "agents",
  "cache",
  "pool",
  "wake",
  "cold",
  "capacity",
  "throughput",
  "cost",
  "synth",
  "apply",
  "tests",
  "image",
  "growth",
] as const;

/** Every benchmark: the headlines, and a proof that is run by name because it takes long. */
export const BENCH_NAMES = [...HEADLINES, "isolation"] as const;
export type BenchName = (typeof BENCH_NAMES)[number];
