import { readFileSync } from "node:fs";
import type { PlanInput } from "./terraform";

/** A setting's value, as a person gives it. */
interface GivenText {
  /** What stands before the name in a message: `--var `, `TF_VAR_`, or the file. */
  readonly by: string;
  readonly name: string;
  /** Undefined where only Terraform can read it, or --var gives none. */
  readonly value: string | undefined;
}

/** Lists what a person gives with a plan: by TF_VAR_, in a var-file, by --var. The last value of a name counts. */
export function givenTexts(
  { vars = [], varFiles = [] }: Pick<PlanInput, "vars" | "varFiles">,
  environment: NodeJS.ProcessEnv,
): GivenText[] {
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    name.startsWith("TF_VAR_") ? [{ by: "TF_VAR_", name: name.slice("TF_VAR_".length), value }] : [],
  );
  const inVars = vars.map((text) => {
    const [, name = text, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    return { by: "--var ", name, value };
  });
  return [...variables, ...varFiles.flatMap(readVarFile), ...inVars];
}

/** Reads a var-file. One that cannot be read gives nothing here, because terraform reports it. */
function readVarFile(path: string): GivenText[] {
  try {
    const text = readFileSync(path, "utf8");
    return (path.endsWith(".json") ? readDocument(text) : readHcl(text)).map((given) => ({
      by: `${path}: `,
      ...given,
    }));
  } catch {
    return [];
  }
}

const readDocument = (text: string): Omit<GivenText, "by">[] =>
  Object.entries(JSON.parse(text) as object).map(([name, value]: [string, unknown]) => ({
    name,
    value: typeof value === "string" ? value : JSON.stringify(value),
  }));

/** Reads what stands before and after a `=` at the top level: outside brackets, texts and comments. */
function readHcl(text: string): Omit<GivenText, "by">[] {
  const texts: string[] = [];
  const bare = text.replaceAll(
    /"(?:\\.|[^"\\])*"|#.*|\/\/.*|\/\*[^]*?\*\/|<<-?\s*(\w+)$[^]*?^\s*\1$/gm,
    (token: string) => (token.startsWith('"') ? `"${texts.push(token) - 1}"` : token.startsWith("<<") ? "<<" : ""),
  );
  let depth = 0;
  return bare.split("\n").flatMap((line) => {
    const [, name, value = ""] = (depth === 0 && /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line)) || [];
    depth += (line.match(/[[{(]/g)?.length ?? 0) - (line.match(/[\])}]/g)?.length ?? 0);
    return name === undefined ? [] : [{ name, value: readScalar(value, texts) }];
  });
}

/** The text of a number, a flag, null, or a text without a template. */
function readScalar(value: string, texts: readonly string[]): string | undefined {
  const quoted = texts[Number(/^"(\d+)"$/.exec(value)?.[1])];
  if (quoted === undefined) return /^(-?\d+(\.\d+)?|true|false|null)$/.test(value) ? value : undefined;
  return /[$%]\{/.test(quoted) ? undefined : (JSON.parse(quoted) as string);
}
