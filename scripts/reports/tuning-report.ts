import type { TunedSize, Tuning } from "../judges/tuning/tuning";

/** A tuning with what it was made of. */
export interface TuningReport {
  readonly tuning: Tuning;
  /** What was measured or read, for a person. */
  readonly source: string;
  /** Terraform variable of the size. */
  readonly setting: string;
  /** Size in effect; null where it is not known. */
  readonly currentMiB: number | null;
  readonly region: string;
  readonly coldStartShare: number;
  /** Prices of another region that stand in for this one's. */
  readonly substitutes: readonly string[];
}

/** Dollars of a thousand runs. */
export const perThousand = (usd: number | null): string => (usd === null ? "-" : `$${(usd * 1_000).toPrecision(3)}`);

/** What a size's row says beside its figures. */
export function noteOf(
  { memoryMiB, leftOut, asGood }: TunedSize,
  { tuning, currentMiB }: Pick<TuningReport, "tuning" | "currentMiB">,
): string {
  const notes = [
    ...(memoryMiB === tuning.chosenMiB ? ["chosen"] : asGood ? ["not significantly worse"] : []),
    ...(memoryMiB === currentMiB ? ["in effect"] : []),
    ...(leftOut === null ? [] : [`left out: ${leftOut}`]),
  ];
  return notes.join(", ");
}

/** The answer in a line. */
export function headline({ tuning: { verdict, chosenMiB, strategy }, setting }: TuningReport): string {
  if (verdict === "inconclusive") return "No size is chosen: inconclusive";
  return verdict === "no_difference"
    ? `Memory does not matter here: ${setting} = ${chosenMiB}`
    : `${setting} = ${chosenMiB} (${strategy})`;
}
