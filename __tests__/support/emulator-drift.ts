import type { ResourceChange } from "../../scripts/kit/plan-changes";

/**
 * What a second plan shows with the emulator (moto 5.2.1) although nothing changed, and why. On AWS none of it is
 * there. Anything else fails.
 */
const KNOWN_DRIFT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  aws_lambda_event_source_mapping: {
    function_name: "the emulator resolves the alias to the version behind it",
    function_arn: "follows function_name",
    enabled: "the local runtime switches the emulator's own poller off",
  },
  aws_sqs_queue: {
    redrive_policy: "the emulator gives it back with other white space",
    policy: "the emulator forgets it when the redrive policy is set",
  },
};

/** The changes of a plan that the emulator's own drift does not explain. */
export function unexplained(changes: readonly ResourceChange[]): ResourceChange[] {
  return changes.filter(
    ({ type, action, attributes }) =>
      action !== "update" || attributes.some((attribute) => KNOWN_DRIFT[type]?.[attribute] === undefined),
  );
}
