import type { ApplyProgress, Operation } from "../tools/apply-progress";
import { Interrupted } from "../tools/interrupted";
import type { StateLock } from "../tools/state-lock";

const PAST = { create: "created", update: "changed", delete: "destroyed" } as const;

/** A signal has ended an apply: terraform has ended, and this is what it had done by then. */
export class ApplyInterrupted extends Interrupted {
  constructor(
    cause: Interrupted,
    private readonly reached: ApplyProgress,
    private readonly lock: StateLock | undefined,
    goOn: string,
  ) {
    super(cause.by, {
      cause,
      message: [cause.message, ...reachedText(reached), goOn, ...(lock ? [lockText(lock)] : [])].join("\n"),
    });
  }

  /** The same, where another way leads on. */
  goingOn(how: string): ApplyInterrupted {
    return new ApplyInterrupted(this.cause as Interrupted, this.reached, this.lock, how);
  }
}

function reachedText({ total, done, running, failed }: ApplyProgress): string[] {
  const cut = [...failed, ...running];
  if (done.length + cut.length === 0) return ["Nothing was applied."];
  const notBegun = total - done.length - cut.length;
  const madeLine = done.length === 0 ? "" : `: ${listed(done, (action) => PAST[action])}`;
  const cutLine = `Cut short, and perhaps done in AWS all the same: ${listed(cut, (action) => action)}. Where a later run says that something is there already: quickturn apply --adopt takes it over.`;
  return [
    `${done.length} of ${total} done${madeLine}.`,
    ...(cut.length > 0 ? [cutLine] : []),
    ...(notBegun > 0 ? [`Not begun: ${notBegun}.`] : []),
  ];
}

/** `created a, b; changed c` */
function listed(operations: readonly Operation[], verb: (action: Operation["action"]) => string): string {
  const actions = [...new Set(operations.map(({ action }) => action))];
  return actions
    .map(
      (action) =>
        `${verb(action)} ${operations
          .filter((each) => each.action === action)
          .map(({ address }) => address)
          .join(", ")}`,
    )
    .join("; ");
}

const lockText = ({ id }: StateLock): string =>
  `Terraform was stopped before it could free the state's lock. Once it is sure that no run of it is alive: quickturn unlock ${id}`;
