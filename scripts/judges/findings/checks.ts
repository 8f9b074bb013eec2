import type { FindingSource } from "./finding";

/** A check block, a precondition or a validation in a plan (Terraform documentation, "JSON Output Format", Checks). */
interface Check {
  readonly address: { readonly kind: string; readonly to_display: string };
  readonly status: "pass" | "fail" | "error" | "unknown";
  readonly instances?: readonly { readonly problems?: readonly { readonly message: string }[] }[];
}

/** Checks that do not hold. An apply goes on all the same, so this is where they are seen. */
export const checkFindings: FindingSource = (plan) => {
  const { checks = [] } = plan as { checks?: readonly Check[] };
  return checks
    .filter(({ status }) => status === "fail" || status === "error")
    .map(({ address, instances = [] }) => {
      const messages = instances.flatMap(({ problems = [] }) => problems.map(({ message }) => message.trim()));
      return {
        severity: "warning",
        address: address.to_display,
        text: [...new Set(messages)].join(" ") || "It does not hold; terraform gives no reason.",
      };
    });
};
