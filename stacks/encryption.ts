import { DataAwsKmsKey } from "@cdktf/provider-aws/lib/data-aws-kms-key";
import {
  countWhen,
  expression,
  interpolate,
  type AgentFunction,
  type Expression,
  type PolicyStatement,
  type RequestStore,
  type UsableKeys,
  type WorkQueue,
} from "../modules";
import { isGiven } from "./declare";
import type { Deployment } from "./names";

/** What the operator's keys encrypt, and the functions that read and write it. */
interface KeyUsers {
  readonly frontDoor: AgentFunction;
  readonly worker: AgentFunction;
  readonly sweeper: AgentFunction;
  readonly store: RequestStore;
  readonly queue: WorkQueue;
}

/** Lets each function use the operator's keys, while there are any, for what it reads and writes. */
export function allowKeyUse({ settings }: Deployment, { frontDoor, worker, sweeper, store, queue }: KeyUsers): void {
  const formerKeys = settings.expression("former_kms_key_arns");
  const keys: UsableKeys = {
    arns: interpolate(expression`distinct(concat(${settings.expression("kms_key_arn")}[*], ${formerKeys}))`),
    region: settings.string("aws_region"),
  };
  const areThereKeys = expression`${isGiven("kms_key_arn")} || length(${formerKeys}) > 0`;
  const grant = (user: AgentFunction, ...statements: readonly PolicyStatement[]) =>
    user.grantWhen(areThereKeys, "keys", statements);
  grant(frontDoor, ...store.frontDoorKeyAccess(keys), ...queue.senderKeyAccess(keys));
  grant(worker, ...store.workerKeyAccess(keys), ...queue.consumerKeyAccess(keys));
  grant(sweeper, ...store.sweeperKeyAccess(keys), ...queue.senderKeyAccess(keys));
}

/**
 * Refuses a plan with a key that cannot encrypt: queues and topics accept such a key, and lose what is sent to them.
 * The permissions in the key's policy cannot be read here.
 */
export function checkKey({ stack, settings }: Deployment): void {
  const key = new DataAwsKmsKey(stack, "customer_key", { keyId: settings.string("kms_key_arn") });
  key.addOverride("count", countWhen(isGiven("kms_key_arn")));
  const refuseUnless = (condition: Expression, problem: string) => ({
    condition: interpolate(condition),
    error_message: `kms_key_arn is \${self.arn}, a key ${problem}`,
  });
  key.addOverride("lifecycle.postcondition", [
    refuseUnless(
      expression`self.enabled`,
      "whose state is ${self.key_state}; allowed: one that is Enabled. Enable it, or set another.",
    ),
    refuseUnless(
      expression`self.key_usage == "ENCRYPT_DECRYPT" && self.customer_master_key_spec == "SYMMETRIC_DEFAULT"`,
      "of ${self.customer_master_key_spec} for ${self.key_usage}; " +
        "allowed: one of SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT.",
    ),
    refuseUnless(
      expression`self.key_manager == "CUSTOMER"`,
      "of AWS's own, which takes no policy of yours; allowed: a customer managed key, or null for AWS's own keys.",
    ),
  ]);
}
