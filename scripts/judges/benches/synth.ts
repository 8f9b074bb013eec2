import type { BenchChart, BenchFigure } from "./figures";

/** Peers by the folder of their program, with what a person calls them. */
export const PEERS = { "aws-cdk": "aws-cdk with Solutions Constructs", terraconstructs: "TerraConstructs" } as const;
export type PeerName = keyof typeof PEERS;

/** What one program took and wrote. */
export interface SynthTime {
  /** Median of its wall time, in milliseconds. */
  readonly ms: number;
  /** In what it wrote. */
  readonly resources: number;
}

/** By program; `start` is node and tsx with an empty program. Peers that are not installed are missing. */
export type SynthTimes = { readonly ours: SynthTime; readonly start: SynthTime } & {
  readonly [Peer in PeerName]?: SynthTime;
};

const names = Object.keys(PEERS) as PeerName[];

/** A row for each peer, and the bars of all. */
export function synthFigures(times: SynthTimes): {
  readonly figures: readonly BenchFigure[];
  readonly charts: readonly BenchChart[];
} {
  const programs = [
    { name: "Quickturn", time: times.ours },
    ...names.map((name) => ({ name: PEERS[name], time: times[name] })),
    { name: "node and tsx alone", time: times.start },
  ];
  const chart: BenchChart = {
    title: "Synthesis of the agents' API",
    unit: "s",
    kind: "bars",
    categories: programs.map(({ name }) => name),
    series: [{ name: "wall time", values: programs.map(({ time }) => (time === undefined ? null : time.ms / 1_000)) }],
  };
  return { figures: names.map((name) => figure(name, times)), charts: [chart] };
}

function figure(name: PeerName, { ours, start, [name]: peer }: SynthTimes): BenchFigure {
  const row = {
    compares: `synth, ours / ${PEERS[name]}`,
    mustReach: "< 1x",
    limit: `${seconds(start.ms)} (node and tsx alone)`,
  };
  if (peer === undefined)
    return { ...row, measured: "not measured", cause: `it is not installed: npm ci --prefix bench/peers/${name}` };
  return {
    ...row,
    measured: `${(ours.ms / peer.ms).toFixed(2)}x (${seconds(ours.ms)} / ${seconds(peer.ms)})`,
    holds: ours.ms < peer.ms,
  };
}

/** For a terminal. */
export function synthText(times: SynthTimes, figures: readonly BenchFigure[], runs: number): string {
  const line = (mark: string, what: string, { ms, resources }: SynthTime, bound: string) =>
    `  ${mark.padEnd(4)} ${what.padEnd(34)} ${seconds(ms).padStart(8)}   ${String(resources).padStart(3)} resources   ${bound}`;
  return [
    `Synthesis by node and tsx, in turn; medians of ${runs} runs`,
    line("", "Quickturn, with its settings", times.ours, `node and tsx alone take ${seconds(times.start.ms)}`),
    ...names.map((name, index) => {
      const [peer, row] = [times[name], figures[index]];
      if (peer === undefined) return `       ${PEERS[name].padEnd(34)} not measured: ${row?.cause ?? ""}`;
      return line(
        row?.holds === false ? "MISS" : "ok",
        PEERS[name],
        peer,
        `ours takes ${(times.ours.ms / peer.ms).toFixed(2)}x of it, bound < 1x`,
      );
    }),
  ].join("\n");
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
