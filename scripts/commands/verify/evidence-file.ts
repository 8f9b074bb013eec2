import Ajv from "ajv";
import type { Evidence } from "../../judges/gate/evidence";
import schema from "../../judges/gate/evidence.schema.json";
import { readsOf } from "../../judges/gate/reads";
import { NAMED_KPIS, selectedKpis } from "../../judges/gate/queries";
import { GATE_SETTINGS } from "../../judges/gate/settings";
import { writeReport } from "../../tools/files";
import { UsageError } from "../context";
import { readJson } from "../given-state";

/** Writes evidence, so that its verdict can be had again without AWS. */
export function saveEvidence(path: string, evidence: Evidence): void {
  writeReport(path, `${JSON.stringify(evidence, null, 1)}\n`);
}

/** Reads saved evidence. Throws {@link UsageError} with every problem of a file that is none. */
export function readEvidence(path: string): Evidence {
  const document = readJson(path, "evidence");
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  const validate = ajv.compile<Evidence>(schema);
  if (!validate(document)) {
    const problems = (validate.errors ?? [])
      .slice(0, 10)
      .map(
        ({ instancePath, message, params }) =>
          `  ${instancePath || "the file"} ${message}${"additionalProperty" in params ? `: ${String(params["additionalProperty"])}` : ""}`,
      );
    throw new UsageError(
      [
        `${path} is no evidence of a gate:`,
        ...problems,
        "Allowed: a file that quickturn verify --save has written.",
      ].join("\n"),
    );
  }
  checkMeaning(document, path);
  return document;
}

/** What a schema cannot say: settings that the KPIs name, a window that has a length, and KPIs that exist. */
function checkMeaning(evidence: Evidence, path: string): void {
  const missing = GATE_SETTINGS.filter((name) => !(name in evidence.settings));
  if (missing.length > 0)
    throw new UsageError(
      `${path} lacks the settings ${missing.join(", ")}; allowed: evidence that this release of quickturn verify --save has written.`,
    );
  for (const { window } of [evidence.candidate, ...(evidence.baseline ? [evidence.baseline] : [])]) {
    if (window.endMs <= window.startMs)
      throw new UsageError(
        `${path} has a window that ends before it begins (${window.startMs} to ${window.endMs}); allowed: an end after the start.`,
      );
  }
  const names = new Set(NAMED_KPIS.map(({ name }) => name));
  const unknown = evidence.only.filter((name) => !names.has(name));
  if (unknown.length > 0)
    throw new UsageError(
      `${path} is about the KPIs ${unknown.join(", ")}, which there are not; allowed: ${[...names].join(", ")}.`,
    );
  for (const kpi of selectedKpis(evidence.only)) readsOf(kpi, evidence.settings);
}
