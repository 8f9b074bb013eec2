/** What terraform says it will do to a resource. */
export interface PlannedChange {
  readonly address: string;
  readonly type: string;
  readonly action: "create" | "update" | "replace" | "delete";
}

/** One thing that terraform could not do. */
export interface Failure {
  /** Such as `aws_iam_role.api_role`; undefined where it is no resource's. */
  readonly address?: string;
  /** One line, which for a resource holds what AWS answered. */
  readonly summary: string;
  /** The rest; often "". */
  readonly detail: string;
}

/** Terraform did not do all that it was to do; what it did stands in the state. */
export class TerraformFailed extends Error {
  override readonly name = "TerraformFailed";

  constructor(
    readonly failures: readonly Failure[],
    options: ErrorOptions,
  ) {
    super(failures.map(failureText).join("\n\n"), options);
  }
}

/** One line of terraform's machine-readable output (Terraform documentation, "Machine-Readable UI"). */
interface Message {
  readonly "@message"?: string;
  readonly type: string;
  readonly change?: { readonly resource: { readonly addr: string; readonly resource_type: string }; readonly action: PlannedChange["action"] };
  readonly diagnostic?: { readonly severity: string; readonly summary: string; readonly detail: string; readonly address?: string };
}

/** What the plan was to change, from the whole output of `terraform apply -json`. */
export function plannedChanges(output: string): PlannedChange[] {
  return messages(output).flatMap(({ type, change }) =>
    type === "planned_change" && change ? [{ address: change.resource.addr, type: change.resource.resource_type, action: change.action }] : [],
  );
}

/** The errors, in terraform's order, from the whole output of a command with `-json`. */
export function failures(output: string): Failure[] {
  return messages(output).flatMap(({ diagnostic }) => {
    if (diagnostic?.severity !== "error") return [];
    const { summary, detail, address } = diagnostic;
    return [{ summary, detail, ...(address ? { address } : {}) }];
  });
}

/** What a line says to a person; a line that is no message is what it is. */
export function spoken(line: string): string {
  return line.startsWith("{") ? (parse(line)?.["@message"] ?? line) : line;
}

function failureText({ address, summary, detail }: Failure): string {
  return [summary, detail, address === undefined ? "" : `  with ${address}`].filter(Boolean).join("\n");
}

function messages(output: string): Message[] {
  return output.split("\n").flatMap((line) => (line.startsWith("{") ? (parse(line) ?? []) : []));
}

/** A line may be cut: whoever wrote it was killed. */
function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}
