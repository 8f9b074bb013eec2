/** One row of the benchmarks' table. */
export interface BenchFigure {
  /** What is compared, without its values: "7 agents x 2 phases, one by one / all at once". */
  readonly compares: string;
  /** As measured, with its unit: "6.98x". */
  readonly measured: string;
  /** The bound, with its unit: ">= 6.9x". Left out where the figure is only told. */
  readonly mustReach?: string;
  /** What the best possible would be, measured in the same run or reckoned: "7x". */
  readonly limit?: string;
  /** Whether the bound holds. Left out where there is none. */
  readonly holds?: boolean;
  /** Why it does not, where that is known. */
  readonly cause?: string;
}

/** What a chart of the benchmarks' page draws. */
export interface BenchChart {
  readonly title: string;
  /** Of the values: "ms", "requests", "MiB". */
  readonly unit: string;
  /** Bars side by side for each category, or a line over the categories. */
  readonly kind: "bars" | "lines";
  readonly categories: readonly string[];
  /** One value a category; null where there is none. */
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  /** The axis of the values is logarithmic: for values that differ by more than a factor of 20. Default: linear. */
  readonly logarithmic?: boolean;
}

/** Whether every bound holds. */
export const allHold = (figures: readonly BenchFigure[]): boolean => figures.every(({ holds }) => holds !== false);
