import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Terraform, type PlanInput } from "./terraform";
import { TerraformFailed } from "./terraform-messages";
import { UsageError } from "./context";

/** As much of a synthesized stack as its variables need. */
interface VariablesJson {
  readonly variable: Readonly<Record<string, { readonly validation?: readonly object[] }>>;
  readonly locals: Readonly<Record<string, unknown>>;
}

/**
 * The variables of a stack, with the locals that their validations name: terraform judges values by it in half a
 * second, without a provider, a state or an account. A validation that needs more than variables is left out.
 */
export function extractVariables({ variable = {}, locals = {} }: Partial<VariablesJson>): VariablesJson {
  const kept = new Set<string>();
  const isKnown = (value: unknown): boolean => {
    const text = JSON.stringify(value);
    if (/\b(data|module|path|terraform|each|self|aws_[a-z0-9_]+)\./.test(text)) return false;
    return [...text.matchAll(/\blocal\.(\w+)/g)].every(([, name = ""]) => {
      if (kept.has(name)) return true;
      if (!(name in locals) || !isKnown(locals[name])) return false;
      kept.add(name);
      return true;
    });
  };
  const judged = Object.fromEntries(
    Object.entries(variable).map(([name, declared]) => [
      name,
      { ...declared, validation: (declared.validation ?? []).filter(isKnown) },
    ]),
  );
  return { variable: judged, locals: Object.fromEntries([...kept].sort().map((name) => [name, locals[name]])) };
}

/**
 * Has the values of a plan judged by the rules of the settings, before anything is asked of an account: in half a
 * second, and all that is wrong at once. What is secret terraform does not print.
 * @throws UsageError with what was given and what is allowed
 */
export async function checkSettings(
  { directory, environment }: Pick<Terraform, "directory" | "environment">,
  { vars = [], varFiles = [] }: PlanInput,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-settings-"));
  try {
    const stack = JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")) as Parameters<
      typeof extractVariables
    >[0];
    writeFileSync(join(folder, "main.tf.json"), JSON.stringify(extractVariables(stack)));
    // Terraform takes those by itself where it plans.
    const beside = readdirSync(directory)
      .filter((name) => /\.auto\.tfvars(\.json)?$/.test(name))
      .sort()
      .map((name) => join(directory, name));
    await new Terraform({ directory: folder, env: environment }).plan("checked.tfplan", {
      vars,
      varFiles: [...beside, ...varFiles],
      lock: false,
    });
  } catch (error) {
    if (!(error instanceof TerraformFailed)) throw error;
    const refused = error.failures.map(({ summary, detail }) =>
      summary === "Invalid value for variable" ? firstSentence(detail) : `${summary}. ${detail}`,
    );
    // Terraform finds them in no order.
    throw new UsageError(refused.sort().join("\n"), { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Behind it stands where in a folder of our own the rule was found. */
const firstSentence = (detail: string): string => detail.split("\n\n")[0] ?? detail;
