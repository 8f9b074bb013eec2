/** Something in a plan that a reviewer must look at for its safety. */
export interface Finding {
  /** Where it comes from: a name in FINDING_SOURCES. */
  readonly source: string;
  readonly severity: Severity;
  /** Resource or check. */
  readonly address: string;
  /** One sentence. */
  readonly text: string;
}

/** `critical` opens something to anybody or allows everything; `warning` needs a word; `info` is to be known. */
export type Severity = "critical" | "warning" | "info";

/** Reads findings out of what `terraform show -json` gives of a plan. */
export type FindingSource = (plan: unknown) => Omit<Finding, "source">[];
