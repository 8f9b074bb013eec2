import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SETTINGS, type Setting } from "../../stacks/contract/settings";
import { createCallersDocument, findGatewayBody, type Deployed } from "./openapi-document";
import type { CallersDocument } from "./openapi-schemas";
import { writeReport } from "../kit/files";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { synthFolder } from "../kit/deployment-folder";
import { stackDirectory, synth } from "../kit/synth";
import { readDeployedStack } from "../kit/deployed-stack";

/** The copy in the repository; it holds for every deployment. */
export const PUBLISHED = "openapi.json";

export interface OpenApiOptions {
  /**
   * Folder of an initialized stack, or a file with what `terraform output -json` or `terraform show -json` printed.
   * Default: this project's stack, where it is initialized.
   */
  readonly state?: string;
  /** File to write. Default: it is printed. */
  readonly out?: string;
}

/**
 * Writes the OpenAPI document that callers are given; with the URL and the credentials of what is applied, where
 * something is.
 */
export async function openapi(context: CommandContext, { state, out }: OpenApiOptions = {}): Promise<CommandResult> {
  if (out === "") throw new UsageError('--out is ""; allowed: a file, such as openapi.json.');
  await synth(context);
  const directory = stackDirectory(synthFolder(context), "agent-api");
  const document = publishedDocument(
    directory,
    await readDeployment(
      context,
      state ?? (existsSync(join(directory, ".terraform")) ? directory : undefined),
      state !== undefined,
    ),
  );
  const text = documentText(document);
  if (out === undefined) return { exitCode: 0, text: text.trimEnd(), json: document };
  const path = resolve(out);
  writeReport(path, text);
  return { exitCode: 0, text: `Written: ${out}.`, json: { written: path } };
}

/** The callers' document of a synthesized stack's folder. */
export function publishedDocument(directory: string, deployed: Deployed = {}): CallersDocument {
  const stack = JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")) as Parameters<
    typeof findGatewayBody
  >[0];
  const settings: readonly Setting[] = SETTINGS;
  const setting = settings.find(({ name }) => name === "authorization");
  const modes = setting?.type === "string" ? setting.allowed : undefined;
  if (modes === undefined)
    throw new Error(
      "The settings have no authorization with allowed values; the document cannot say how callers prove who they are.",
    );
  return createCallersDocument(findGatewayBody(stack), modes, deployed);
}

/** As it is written into a file. */
export const documentText = (document: CallersDocument): string => `${JSON.stringify(document, null, 2)}\n`;

/** Nothing where nothing is applied, unless a state was named: then something has to be. */
async function readDeployment(context: CommandContext, state: string | undefined, named: boolean): Promise<Deployed> {
  if (state === undefined) return {};
  try {
    const { outputs, settings } = await readDeployedStack(context, state);
    const { api_endpoint: endpoint } = outputs;
    if (typeof endpoint !== "string")
      throw new UsageError(
        `The output api_endpoint of ${state} is ${JSON.stringify(endpoint) ?? "missing"}; allowed: a URL. ` +
          "Apply first: quickturn apply.",
      );
    return {
      endpoint,
      ...(typeof settings["authorization"] === "string" && { authorization: settings["authorization"] }),
    };
  } catch (error) {
    if (named || !(error instanceof UsageError)) throw error;
    return {};
  }
}
