import { DataAwsKmsKey } from "@cdktf/provider-aws/lib/data-aws-kms-key";
import type { AgentFunction, PolicyStatement, RequestStore, UsableKeys, WorkQueue } from "../modules";
import { type DeclaredSettings, given } from "./declare";
import type { PlatformStack } from "./platform";

/** Who reads and writes what a key of the operator's encrypts. */
interface KeyUsers {
  readonly frontDoor: AgentFunction;
  readonly worker: AgentFunction;
  readonly sweeper: AgentFunction;
}

/** Lets the functions use the operator's keys, each for what it reads and writes, while there are any. */
export function allowKeysOf(
  settings: DeclaredSettings,
  { frontDoor, worker, sweeper }: KeyUsers,
  store: RequestStore,
  queue: WorkQueue,
): void {
  const arns = `distinct(concat(${settings.expression("kms_key_arn")}[*], ${settings.expression("former_kms_key_arns")}))`;
  const keys: UsableKeys = { arns: `\${${arns}}`, region: settings.string("aws_region") };
  const grant = (user: AgentFunction, ...statements: readonly PolicyStatement[]) =>
    user.grantWhen(
      `\${${given("kms_key_arn")} || length(${settings.expression("former_kms_key_arns")}) > 0 ? 1 : 0}`,
      "keys",
      ...statements,
    );
  grant(frontDoor, ...store.frontDoorKeyAccess(keys), ...queue.senderKeyAccess(keys));
  grant(worker, ...store.workerKeyAccess(keys), ...queue.consumerKeyAccess(keys));
  grant(sweeper, ...store.sweeperKeyAccess(keys), ...queue.senderKeyAccess(keys));
}

/**
 * Refuses a plan with a key that cannot encrypt: queues and topics take one without a word, and lose what is sent to
 * them. What the key's policy lets others do cannot be read here.
 */
export function checkKey(stack: PlatformStack, settings: DeclaredSettings): void {
  const key = new DataAwsKmsKey(stack, "customer_key", { keyId: settings.string("kms_key_arn") });
  key.addOverride("count", `\${${given("kms_key_arn")} ? 1 : 0}`);
  const demand = (condition: string, message: string) => ({
    condition: `\${${condition}}`,
    error_message: `kms_key_arn is \${self.arn}, a key ${message}`,
  });
  key.addOverride("lifecycle.postcondition", [
    demand(
      "self.enabled",
      "whose state is ${self.key_state}; allowed: one that is Enabled. Enable it, or set another.",
    ),
    demand(
      'self.key_usage == "ENCRYPT_DECRYPT" && self.customer_master_key_spec == "SYMMETRIC_DEFAULT"',
      "of ${self.customer_master_key_spec} for ${self.key_usage}; allowed: one of SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT.",
    ),
    demand(
      'self.key_manager == "CUSTOMER"',
      "of AWS's own, which takes no policy of yours; allowed: a customer managed key, or null for AWS's own keys.",
    ),
  ]);
}
