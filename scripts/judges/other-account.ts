interface Shown {
  readonly prior_state?: {
    readonly values?: {
      readonly root_module?: {
        readonly resources?: readonly {
          readonly mode: string;
          readonly type: string;
          readonly values: Readonly<Record<string, unknown>>;
        }[];
      };
    };
  };
  readonly output_changes?: Readonly<Record<string, { readonly before?: unknown }>>;
}

/**
 * The account that a plan asked, and the one that the state's resources are in, where those differ: every resource is
 * then missing, and would be made a second time.
 * @param plan what `terraform show -json` gives of it
 */
export function otherAccount(plan: unknown): { readonly asked: string; readonly applied: string } | undefined {
  const { prior_state: state, output_changes: outputs } = plan as Shown;
  const asked = state?.values?.root_module?.resources?.find(
    ({ mode, type }) => mode === "data" && type === "aws_caller_identity",
  )?.values["account_id"];
  // A queue is always the deployment's own, and its URL has the account.
  const applied = /\/(\d{12})\//.exec(String(outputs?.["work_queue_url"]?.before))?.[1];
  return typeof asked === "string" && applied !== undefined && asked !== applied ? { asked, applied } : undefined;
}
